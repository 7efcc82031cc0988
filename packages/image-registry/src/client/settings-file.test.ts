// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants as osConstants, tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { hasCode } from '@teu/errors'
import { dockerKeychain } from './auth/docker-keychain.ts'
import { registryHosts } from './hosts/registry-hosts.ts'
import { unreadable } from './settings-file.ts'

/** A file that nobody can read, whatever they may: a folder. */
const unreadables: [what: string, file: string, beside: Record<string, string>][] = [
  ['hosts.toml', 'r.example/hosts.toml', {}],
  ['an authority in hosts.toml', 'r.example/ca.pem', { 'r.example/hosts.toml': 'ca = "ca.pem"' }],
  ['a certificate', 'r.example/ca.crt', {}],
  ['daemon.json', 'daemon.json', {}],
  ['config.json', 'config.json', {}],
]

for (const [what, file, beside] of unreadables) {
  test(`${what} that cannot be read is an error that names it, once`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'teu-settings-'))
    try {
      await mkdir(path.join(folder, file), { recursive: true })
      for (const [name, text] of Object.entries(beside)) await writeFile(path.join(folder, name), text)
      const ask = async () => {
        await registryHosts({ directories: [folder], daemonConfig: path.join(folder, 'daemon.json') })('r.example')
        await dockerKeychain({ env: {}, files: [path.join(folder, 'config.json')] })('r.example')
      }
      await assert.rejects(ask, (error: Error) => {
        assert.ok(hasCode(error, 'invalid-argument'), `${error}`)
        assert.equal(error.message.split(path.join(folder, file)).length, 2, error.message)
        assert.match(error.message, /cannot read .*: [a-z]/)
        assert.doesNotMatch(error.message, /\n|EISDIR|EPERM/)
        return true
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
}

test('a file that may not be read says so in the words of the system', () => {
  const refused = Object.assign(new Error("EACCES: permission denied, open '/x/config.json'"), {
    errno: -osConstants.errno.EACCES,
  })
  assert.equal(unreadable('/x/config.json', refused).message, 'cannot read /x/config.json: permission denied')
})
