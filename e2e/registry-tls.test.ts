// SPDX-License-Identifier: Apache-2.0
// A registry that takes only clients with a certificate: skopeo, docker and our client show theirs.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { certify, issue } from './harness/certificates.ts'
import { docker, startDockerd } from './harness/originals.ts'
import { imageArchive } from './harness/programs.ts'
import { skopeo, startTeuRegistry } from './harness/registries.ts'
import { sandboxTest } from './harness/sandbox.ts'

const host = '10.99.0.1'
const address = `${host}:5443`

sandboxTest('who shows a certificate of the authority is let in, and nobody else', async (sandbox) => {
  const { ca, cert, key } = await certify(sandbox, host)
  const client = await issue(sandbox, 'client', 'someone')
  await startTeuRegistry(sandbox, ['--tls-cert', cert, '--tls-key', key, '--tls-client-ca', ca], { address })
  // As docker lays them out; skopeo takes the innermost folder, our client the outermost.
  const certs = sandbox.path('docker-etc', 'certs.d')
  mkdirSync(`${certs}/${address}`, { recursive: true })
  copyFileSync(ca, `${certs}/${address}/ca.crt`)
  copyFileSync(client.cert, `${certs}/${address}/client.cert`)
  copyFileSync(client.key, `${certs}/${address}/client.key`)

  const name = `${address}/team/app:1`
  const archive = `docker-archive:${imageArchive('busybox')}`
  const bare = await skopeo(sandbox, 'copy', archive, `docker://${name}`)
  assert.notEqual(bare.status, 0)
  assert.match(bare.stderr, /certificate required|bad certificate|handshake failure/)
  const pushed = await skopeo(sandbox, 'copy', '--dest-cert-dir', `${certs}/${address}`, archive, `docker://${name}`)
  assert.equal(pushed.status, 0, pushed.stderr)

  const env = { NODE_EXTRA_CA_CERTS: ca }
  const refused = await sandbox.run('teu-registry', ['pull', '-q', name, sandbox.path('none')], { env })
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /other side closed \(it may want a certificate of its clients\)\n$/)
  const digest = await sandbox.output('teu-registry', [
    'pull',
    '-q',
    '--certs-dir',
    certs,
    name,
    sandbox.path('layout'),
  ])
  assert.match(digest, /^sha256:/)

  // docker looks below /etc/docker and nowhere else: it gets one of its own.
  const etc = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs none /etc/docker && cp -r "$0"/* /etc/docker && exec "$@"',
  ]
  const { socket } = await startDockerd(sandbox, { under: [...etc, sandbox.path('docker-etc')] })
  const pulled = await docker(sandbox, socket, 'pull', name)
  assert.equal(pulled.status, 0, pulled.stderr)
  assert.match(pulled.stdout, /Downloaded newer image/)
})
