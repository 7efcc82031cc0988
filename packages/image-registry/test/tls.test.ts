// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { createRegistryClient } from '@teu/image-registry/client'
import { createRegistry } from '@teu/image-registry/server'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** A certificate for 127.0.0.1 that nobody signed but itself. */
function selfSigned(): { cert: string; key: string } {
  const directory = mkdtempSync(path.join(tmpdir(), 'teu-tls-'))
  try {
    const [cert, key] = [path.join(directory, 'cert'), path.join(directory, 'key')]
    const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    const argv = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
    ]
    const { status, stderr } = spawnSync('openssl', [...argv, ...subject], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('TLS is verified, unless the registry is this machine', {
  skip: hasOpenssl ? false : 'needs openssl',
}, async () => {
  const tls = selfSigned()
  await using registry = await createRegistry({ tls })
  const ping = async (host: object | undefined) => {
    await using client = createRegistryClient({ retries: 0, hosts: host ? { r: { url: registry.url, ...host } } : {} })
    await client.ping(host === undefined ? registry.address : 'r')
  }
  await assert.rejects(ping({}), { code: 'unavailable', message: /self-signed certificate/ })
  await assert.rejects(ping({ ca: selfSigned().cert }), { code: 'unavailable', message: /self-signed certificate/ })
  await ping({ ca: tls.cert })
  await ping({ insecure: true })
  await ping(undefined)
})
