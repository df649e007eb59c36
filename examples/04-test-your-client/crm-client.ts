import { createFetch, type FetchOptions } from '@holdfast/core'

export interface Contact {
  readonly id: number
  readonly name: string
}

export interface CrmClient {
  contact(id: number): Promise<Contact>
  addContact(name: string): Promise<Contact>
}

/** The code under test: your own client for somebody else's API. */
export function crmClient(baseUrl: string, options: FetchOptions = {}): CrmClient {
  const fetch = createFetch({ connection: 'acme', ...options })
  const json = async (path: string, init?: RequestInit): Promise<Contact> => {
    const response = await fetch(baseUrl + path, init)
    if (!response.ok) throw new Error(`The CRM answered ${response.status}.`)
    return (await response.json()) as Contact
  }
  return {
    contact: (id) => json(`/contacts/${id}`),
    addContact: (name) => json('/contacts', { method: 'POST', body: JSON.stringify({ name }) }),
  }
}
