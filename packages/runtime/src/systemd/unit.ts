// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** What `linux.cgroupsPath` says to the systemd driver. @internal */
export interface SystemdUnit {
  /** Such as `teu-web.scope`. */
  name: string
  /** Slice above it, such as `machine-x.slice`. */
  slice: string
}

const defaultPrefix = 'teu'

/**
 * The unit of a container: `slice:prefix:name` of `cgroupsPath`, any of the three empty for its default. A name that ends
 * in `.slice` is a slice itself. Throws `invalid-argument` for another form.
 *
 * @internal
 */
export function unitOf(id: string, cgroupsPath: string | undefined, user: boolean): SystemdUnit {
  const [slice = '', prefix = '', name = '', ...more] = (cgroupsPath || '::').split(':')
  if (more.length > 0 || (cgroupsPath || '::').split(':').length !== 3 || /\//.test(slice + prefix + name)) {
    const form = 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups'
    throw new StackError('invalid-argument', `${form}, got ${JSON.stringify(cgroupsPath)} instead`)
  }
  const last = name || id
  const above = slice || (user ? 'user.slice' : 'system.slice')
  slicePath(above)
  return { name: last.endsWith('.slice') ? last : `${prefix || defaultPrefix}-${last}.scope`, slice: above }
}

/** The folders of a slice: `a-b.slice` is `/a.slice/a-b.slice`, `-.slice` the root. @internal */
export function slicePath(slice: string): string {
  if (slice === '-.slice') return '/'
  const parts = slice.endsWith('.slice') ? slice.slice(0, -'.slice'.length).split('-') : ['']
  if (parts.includes('') || slice.includes('/'))
    throw new StackError('invalid-argument', `invalid slice name: ${slice}`)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('')
}
