// SPDX-License-Identifier: Apache-2.0

/** What the daemon has said; `either` stands before a removal that it was asked for and has not answered yet. */
export interface Acknowledgement {
  what: 'blob' | 'image' | 'lease' | 'namespace'
  /** A digest, a name or an id. */
  id: string
  is: 'there' | 'gone' | 'either'
}
