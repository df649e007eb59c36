// What we use of structured-headers (RFC 9651), in a file of its own that only HTTP message signatures load.
export {
  type BareItem,
  type InnerList,
  isInnerList,
  type Item,
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
  serializeList,
} from 'structured-headers'
