// SPDX-License-Identifier: Apache-2.0

/** The daemon's word on one object; `either` while the daemon has not yet answered a request to remove it. */
export interface Acknowledgement {
  what: 'blob' | 'image' | 'lease' | 'namespace'
  /** A digest, a name or an id. */
  id: string
  is: 'there' | 'gone' | 'either'
}
