// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createRegistryClient, registryHosts } from '@teu/image-registry/client'
import { createRegistry } from '@teu/image-registry/server'
import { digestOf } from '@teu/oci-spec/image'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** A certificate for 127.0.0.1 and localhost that nobody signed but itself. */
function selfSigned(): { cert: string; key: string } {
  const directory = mkdtempSync(path.join(tmpdir(), 'teu-tls-'))
  try {
    const [cert, key] = [path.join(directory, 'cert'), path.join(directory, 'key')]
    const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '2']
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

/** A relay of encrypted bytes that cuts each connection after so many from the server, one number a connection, then none. */
async function cuttingRelay(port: number, cuts: number[]) {
  let struck = 0
  const sockets = new Set<Socket>()
  const relay = createTcpServer((near) => {
    const far = connect(port, '127.0.0.1')
    const limit = cuts.shift() ?? Number.POSITIVE_INFINITY
    let passed = 0
    const end = () => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    near.pipe(far)
    far.on('data', (chunk) => {
      const part = chunk.subarray(0, limit - passed)
      passed += part.byteLength
      if (!near.write(part)) near.once('drain', () => far.resume()) && far.pause()
      if (passed < limit) return
      struck++
      // What was written has to leave before the connection does; a TLS peer says goodbye, and this one does not.
      far.destroy()
      near.end()
    })
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    struck: () => struck,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}

test('a download whose TLS connection is cut below it, in a record or in the handshake, goes on where it was', {
  skip: hasOpenssl ? false : 'needs openssl',
}, async () => {
  const tls = selfSigned()
  await using registry = await createRegistry({ tls })
  const content = randomBytes(3_000_000)
  const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.byteLength }
  const reference = { registry: registry.address, repository: 'a' }
  await using pusher = createRegistryClient({ hosts: { [registry.address]: { ca: tls.cert } } })
  await pusher.pushBlob(reference, blob, async function* () {
    yield content
  })
  // The last of the first four is within what a server says before it is trusted.
  const cuts = [1_000_001, 70_000, 400_003, 100]
  await using relay = await cuttingRelay(Number(new URL(registry.url).port), cuts)
  await using client = createRegistryClient({
    hosts: { relayed: { url: relay.url, ca: tls.cert } },
    retries: 20,
    retryDelayMs: 1,
  })
  const chunks = await Array.fromAsync(client.pullBlob({ registry: 'relayed', repository: 'a' }, blob))
  assert.equal(Buffer.compare(Buffer.concat(chunks), content), 0)
  assert.equal(relay.struck(), 4)
})

/** A registry that lets in only who has the certificate `trusted`; answers who called, by the subject of theirs. */
async function closedRegistry(tls: { cert: string; key: string }, trusted: string, script: RequestListener) {
  const callers: (string | undefined)[] = []
  const server = createServer(
    { ...tls, ca: trusted, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket
      callers.push(socket.authorized ? String(socket.getPeerCertificate().subject['CN']) : undefined)
      if (socket.authorized) return script(request, response)
      response.writeHead(403, { 'content-type': 'application/json' })
      response.end('{"errors":[{"code":"DENIED","message":"no certificate"}]}')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    callers,
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test("a client's certificate goes to the registry it is for, and to no other host", {
  skip: hasOpenssl ? false : 'needs openssl',
}, async () => {
  const [tls, mine] = [selfSigned(), selfSigned()]
  let target = ''
  await using elsewhere = await closedRegistry(tls, mine.cert, (_, response) => void response.end('elsewhere'))
  await using closed = await closedRegistry(tls, mine.cert, (request, response) => {
    // The other one by another name: who it is for is a matter of how a host is written.
    if (request.url?.includes('/blobs/')) return void response.writeHead(307, { location: target }).end()
    response.end('{}')
  })
  target = `https://localhost:${elsewhere.address.split(':')[1]}/blob`
  const directory = mkdtempSync(path.join(tmpdir(), 'teu-certs-'))
  try {
    const folder = path.join(directory, closed.address)
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'ca.crt'), tls.cert)
    writeFileSync(path.join(folder, 'client.cert'), mine.cert)
    writeFileSync(path.join(folder, 'client.key'), mine.key)
    for (const hosts of [
      { [closed.address]: { ca: tls.cert, ...mine } },
      registryHosts({ directories: [directory] }),
    ]) {
      await using client = createRegistryClient({ hosts, retries: 0 })
      closed.callers.length = 0
      await client.ping(closed.address)
      assert.deepEqual([...new Set(closed.callers)], ['test'])
      const blob = { mediaType: 'x', digest: digestOf('elsewhere'), size: 9 }
      const pulled = Array.fromAsync(client.pullBlob({ registry: closed.address, repository: 'a' }, blob))
      await assert.rejects(pulled)
      assert.ok(!elsewhere.callers.includes('test'), 'the certificate went along')
    }
    await using nobody = createRegistryClient({ hosts: { [closed.address]: { ca: tls.cert } }, retries: 0 })
    await assert.rejects(nobody.ping(closed.address), { code: 'permission-denied', message: /denied: no certificate/ })
  } finally {
    rmSync(directory, { recursive: true })
  }
})
