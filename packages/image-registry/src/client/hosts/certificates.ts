// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import type { RegistryAccess } from '../init.ts'
import { unreadable } from '../settings-file.ts'

/**
 * The certificates of a registry's folder, by docker's file names: every `*.crt` is trusted, the first `*.cert` is
 * shown, and the `*.key` of the same name belongs to it. Throws `invalid-argument` for one of the two without the other, and
 * for a file that cannot be read.
 *
 * @internal
 */
export async function readCertificates(directory: string, names: readonly string[]): Promise<RegistryAccess> {
  const sorted = [...names].sort()
  const read = (name: string) => {
    const file = path.join(directory, name)
    return readFile(file, 'utf8').catch((error) => {
      throw unreadable(file, error)
    })
  }
  const trusted = await Promise.all(sorted.filter((name) => name.endsWith('.crt')).map(read))
  for (const name of sorted) {
    const other = /\.(?:cert|key)$/.test(name) ? counterpart(name) : undefined
    if (other === undefined || sorted.includes(other)) continue
    // An authority's certificate under a client's name is the usual reason.
    const hint = name.endsWith('.cert') ? '; certificates of authorities are called *.crt' : ''
    throw new StackError('invalid-argument', `${directory}: ${name} without ${other}${hint}`)
  }
  const cert = sorted.find((name) => name.endsWith('.cert'))
  return {
    ...(trusted.length === 0 ? {} : { ca: trusted.join('\n') }),
    ...(cert === undefined ? {} : { cert: await read(cert), key: await read(counterpart(cert)) }),
  }
}

function counterpart(name: string): string {
  return name.endsWith('.cert') ? name.replace(/cert$/, 'key') : name.replace(/key$/, 'cert')
}
