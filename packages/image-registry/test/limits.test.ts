// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRegistry, type LimitsInit, type RequestRecord } from '@teu/image-registry/server'
import bcrypt from 'bcryptjs'
import { basic, codeOf, putBlob, putImage, putManifest } from './requests.ts'

const rate = (count: number) => ({ count, seconds: 3600 })

test('pulls are counted as Docker Hub counts them, and told in its headers', async () => {
  await using registry = await createRegistry({ limits: { pulls: rate(2) } })
  await putImage(registry.url, 'a', 'v1')
  const ask = (method: string, path = '/v2/a/manifests/v1') => fetch(registry.url + path, { method })
  const left = ({ headers }: Response) => [
    headers.get('ratelimit-limit'),
    headers.get('ratelimit-remaining'),
    headers.get('docker-ratelimit-source'),
  ]
  for (let time = 0; time < 5; time++) {
    const head = await ask('HEAD')
    assert.deepEqual([head.status, ...left(head)], [200, '2;w=3600', '2;w=3600', '127.0.0.1'])
  }
  assert.deepEqual(left(await ask('GET')), ['2;w=3600', '1;w=3600', '127.0.0.1'])
  assert.deepEqual(left(await ask('GET')), ['2;w=3600', '0;w=3600', '127.0.0.1'])
  const over = await ask('GET')
  assert.deepEqual(
    [over.status, await codeOf(over), ...left(over)],
    [429, 'TOOMANYREQUESTS', '2;w=3600', '0;w=3600', '127.0.0.1'],
  )
  const wait = Number(over.headers.get('retry-after'))
  assert.ok(wait > 1700 && wait <= 1800, String(wait))
  assert.equal((await ask('HEAD')).status, 200)
  assert.equal((await ask('GET', '/v2/a/tags/list')).status, 200)
})

test('requests are counted by user, and by host for who is none', async () => {
  const htpasswd = ['alice', 'bob'].map((user) => `${user}:${bcrypt.hashSync(user, 4)}`).join('\n')
  await using registry = await createRegistry({ auth: { htpasswd }, limits: { requests: rate(3) } })
  const statuses = async (headers: Record<string, string>) => {
    const found: number[] = []
    for (let time = 0; time < 4; time++) found.push((await fetch(`${registry.url}/v2/`, { headers })).status)
    return found
  }
  assert.deepEqual(await statuses(basic('alice', 'alice')), [200, 200, 200, 429])
  assert.deepEqual(await statuses(basic('bob', 'bob')), [200, 200, 200, 429])
  assert.deepEqual(await statuses({}), [401, 401, 401, 429])
  assert.deepEqual(await statuses(basic('alice', 'wrong')), [429, 429, 429, 429], 'guessing counts for the host')
})

test('a proxy in front is believed only where it was said to be one', async () => {
  const records: RequestRecord[] = []
  const init = { limits: { requests: rate(1) }, onRequest: (record: RequestRecord) => void records.push(record) }
  const headers = (address: string) => ({
    'x-forwarded-for': `6.6.6.6, ${address}, 127.0.0.1`,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'images.example',
  })
  await using trusting = await createRegistry({ ...init, trustedProxies: ['127.0.0.0/8', '::1'] })
  assert.equal((await fetch(`${trusting.url}/v2/`, { headers: headers('10.0.0.1') })).status, 200)
  assert.equal((await fetch(`${trusting.url}/v2/`, { headers: headers('10.0.0.2') })).status, 200)
  assert.equal((await fetch(`${trusting.url}/v2/`, { headers: headers('10.0.0.2') })).status, 429)
  await using other = await createRegistry(init)
  assert.equal((await fetch(`${other.url}/v2/`, { headers: headers('10.0.0.1') })).status, 200)
  assert.equal((await fetch(`${other.url}/v2/`, { headers: headers('10.0.0.2') })).status, 429)
  assert.deepEqual(
    records.map(({ address }) => address),
    ['10.0.0.1', '10.0.0.2', '10.0.0.2', '127.0.0.1', '127.0.0.1'],
  )
  await assert.rejects(createRegistry({ trustedProxies: ['10.0.0.0/40'] }), { code: 'invalid-argument' })
})

test('what is too long is refused as soon as that is known', async () => {
  await using registry = await createRegistry({ limits: { manifestBytes: 400, blobBytes: 10 } })
  await putBlob(registry.url, 'a', '0123456789')
  const uploads = `${registry.url}/v2/a/blobs/uploads/`
  const whole = await fetch(`${uploads}?digest=sha256:${'0'.repeat(64)}`, { method: 'POST', body: '01234567890' })
  assert.deepEqual([whole.status, await codeOf(whole)], [413, 'SIZE_INVALID'])
  const place = new URL((await fetch(uploads, { method: 'POST' })).headers.get('location') ?? '', registry.url)
  assert.equal((await fetch(place, { method: 'PATCH', body: '012345' })).status, 202)
  assert.equal((await fetch(place, { method: 'PATCH', body: '01234' })).status, 413)
  // Without a length it is known when it comes. Both ends are in this process: the sender lets the server have turns.
  const endless = new ReadableStream({
    async pull(controller) {
      await delay(1)
      controller.enqueue(new Uint8Array(3))
    },
  })
  const streamed = await fetch(place, { method: 'PATCH', body: endless, duplex: 'half' } as RequestInit).catch(
    () => undefined,
  )
  assert.ok(streamed === undefined || streamed.status === 413)
  const { body } = await putImage(registry.url, 'a', 'v1')
  assert.equal((await putManifest(registry.url, 'a', 'v2', body.padEnd(401))).status, 413)
  assert.equal((await putManifest(registry.url, 'a', 'v2', body.padEnd(400))).status, 201)
})

test('a repository holds no more than its quota, and gives room back', async () => {
  const quotas = [{ repositories: 'small/*', bytes: 2_000 }]
  await using registry = await createRegistry({ limits: { quotas } })
  const push = (repository: string, letter: string) => {
    const content = letter.repeat(900)
    return fetch(`${registry.url}/v2/${repository}/blobs/uploads/?digest=${digest(content)}`, {
      method: 'POST',
      body: content,
    })
  }
  const { digestOf: digest } = await import('@teu/oci-spec/image')
  assert.equal((await push('small/a', 'a')).status, 201)
  assert.equal((await push('small/a', 'b')).status, 201)
  const over = await push('small/a', 'c')
  assert.deepEqual([over.status, await codeOf(over)], [403, 'DENIED'])
  assert.equal((await push('small/b', 'c')).status, 201)
  assert.equal((await push('other', 'c')).status, 201)
  await fetch(`${registry.url}/v2/small/a/blobs/${digest('a'.repeat(900))}`, { method: 'DELETE' })
  assert.equal((await push('small/a', 'c')).status, 201)
})

test('an immutable tag stays, whoever asks and however', async () => {
  const limits: LimitsInit = { immutableTags: ['team/**:v*'] }
  await using registry = await createRegistry({ limits })
  const first = await putImage(registry.url, 'team/app', 'v1')
  await putImage(registry.url, 'team/app', 'latest')
  const other = first.body.replace('{', '{ ')
  const put = (reference: string, body: string) => putManifest(registry.url, 'team/app', reference, body)
  assert.equal((await put('v1', first.body)).status, 201, 'the same again')
  const { digestOf } = await import('@teu/oci-spec/image')
  for (const answer of [
    await put('v1', other),
    await put(`${digestOf(other)}?tag=v1`, other),
    await fetch(`${registry.url}/v2/team/app/manifests/v1`, { method: 'DELETE' }),
    await fetch(`${registry.url}/v2/team/app/manifests/${first.digest}`, { method: 'DELETE' }),
  ]) {
    assert.deepEqual([answer.status, await codeOf(answer)], [403, 'DENIED'])
  }
  const race = await Promise.all(
    Array.from({ length: 8 }, (_, at) => put('v2', first.body.replace('{', `{${' '.repeat(at)}`))),
  )
  assert.equal(race.filter(({ status }) => status === 201).length, 1, 'one of many at once gets it')
  assert.equal((await put('latest', other)).status, 201)
})

test('warnings go to whom they are for', async () => {
  await using registry = await createRegistry({ warnings: [{ repositories: 'old/**', text: 'moves to new/' }] })
  await putImage(registry.url, 'old/app', 'v1')
  await putImage(registry.url, 'new/app', 'v1')
  const warning = async (path: string) => (await fetch(registry.url + path)).headers.get('warning')
  assert.equal(await warning('/v2/old/app/manifests/v1'), '299 - "moves to new/"')
  assert.equal(await warning('/v2/old/app/manifests/none'), '299 - "moves to new/"')
  assert.equal(await warning('/v2/new/app/manifests/v1'), null)
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(10)
}

/** Opens a connection, sends something, and tells when the other side ends it. */
function socket(address: string, ...texts: string[]): Promise<{ text: string; afterMs: number }> {
  const [host, port] = address.split(':') as [string, string]
  const started = performance.now()
  return new Promise((resolve) => {
    let text = ''
    const connection = connect(Number(port), host, () => {
      for (const part of texts) connection.write(part)
    })
    connection.on('data', (chunk) => {
      text += chunk
    })
    connection.on('error', () => {})
    connection.on('close', () => resolve({ text, afterMs: performance.now() - started }))
  })
}

test('who sends nothing, or byte by byte, is sent away, and others are served meanwhile', async () => {
  await using registry = await createRegistry({ limits: { idleMs: 400 } })
  const slow = async () => {
    const [host, port] = registry.address.split(':') as [string, string]
    const connection = connect(Number(port), host)
    connection.on('error', () => {})
    const closed = new Promise<number>((resolve) => {
      const started = performance.now()
      connection.on('close', () => resolve(performance.now() - started))
    })
    // A header a hundred bytes long, a byte at a time: never idle, never done.
    const timer = setInterval(() => connection.write('x'), 50)
    const afterMs = await closed
    clearInterval(timer)
    return afterMs
  }
  const silent = Array.from({ length: 50 }, () => socket(registry.address))
  const half = socket(registry.address, 'GET /v2/ HTTP/1.1\r\nHost: x\r\n')
  const stuck = socket(registry.address, 'PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
  const drip = slow()
  for (let time = 0; time < 10; time++) {
    assert.equal((await fetch(`${registry.url}/v2/`)).status, 200)
    await delay(20)
  }
  for (const { afterMs } of await Promise.all([...silent, half, stuck])) assert.ok(afterMs < 5_000, String(afterMs))
  assert.ok((await drip) < 5_000)
})

test('connections are bounded', async () => {
  await using registry = await createRegistry({ limits: { connections: 5, idleMs: 60_000 } })
  const [host, port] = registry.address.split(':') as [string, string]
  const held = Array.from({ length: 5 }, () => connect(Number(port), host))
  await Promise.all(held.map((connection) => new Promise((resolve) => connection.once('connect', resolve))))
  const { afterMs } = await socket(registry.address, 'GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.ok(afterMs < 30_000, 'it is not idleness that ends it')
  for (const connection of held) connection.destroy()
  // It takes the server a turn to see that they are gone.
  while (!(await fetch(`${registry.url}/v2/`).catch(() => undefined))?.ok) await delay(5)
})

test('a client that waits to be told is told no before it sends, and yes when its body is wanted', async () => {
  const htpasswd = `alice:${bcrypt.hashSync('wonder', 4)}`
  await using registry = await createRegistry({ auth: { htpasswd } })
  const send = (headers: Record<string, string>) =>
    new Promise<{ status: number | undefined; wasAsked: boolean }>((resolve, reject) => {
      let wasAsked = false
      const going = request(
        `${registry.url}/v2/a/blobs/uploads/?digest=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`,
        {
          method: 'POST',
          headers: { expect: '100-continue', 'content-length': '2', ...headers },
        },
      )
      going.on('continue', () => {
        wasAsked = true
        going.end('{}')
      })
      going.on('response', (answer) => {
        answer.resume()
        going.end()
        resolve({ status: answer.statusCode, wasAsked })
      })
      going.on('error', reject)
      going.flushHeaders()
    })
  assert.deepEqual(await send({}), { status: 401, wasAsked: false })
  assert.deepEqual(await send(basic('alice', 'wonder')), { status: 201, wasAsked: true })
})

test('who was refused cannot go on sending for ever', async () => {
  const htpasswd = `alice:${bcrypt.hashSync('wonder', 4)}`
  await using registry = await createRegistry({ auth: { htpasswd } })
  const [host, port] = registry.address.split(':') as [string, string]
  const connection = connect(Number(port), host)
  connection.on('error', () => {})
  let text = ''
  connection.on('data', (chunk) => {
    text += chunk
  })
  const closed = new Promise<number>((resolve) => {
    const started = performance.now()
    connection.on('close', () => resolve(performance.now() - started))
  })
  connection.write('POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n')
  const timer = setInterval(() => connection.write(Buffer.alloc(1024)), 20)
  assert.ok((await closed) < 6_000)
  clearInterval(timer)
  assert.match(text, /^HTTP\/1.1 401 /)
})

test('a client that is refused while it sends can read why before the connection ends', async () => {
  await using registry = await createRegistry({ limits: { blobBytes: 1_000 } })
  const [host, port] = registry.address.split(':') as [string, string]
  const path = `/v2/a/blobs/uploads/?digest=sha256:${'0'.repeat(64)}`
  for (const [where, status] of [
    [path, 413],
    ['/nowhere', 404],
    ['/v2/', 405],
  ] as const) {
    const connection = connect(Number(port), host)
    let text = ''
    let hasEnded = false
    connection.on('data', (chunk) => {
      text += chunk
    })
    for (const event of ['end', 'error', 'close']) connection.on(event, () => (hasEnded = true))
    connection.write(`POST ${where} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 15000\r\n\r\n`)
    for (let sent = 0; sent < 15_000; sent += 1_000) {
      assert.equal(hasEnded, false, `${where}: ended after ${sent} bytes`)
      connection.write(Buffer.alloc(1_000))
      await delay(20)
    }
    await until(() => hasEnded)
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*\r\n\r\n.+`))
    connection.destroy()
  }
})

test('plain http is for this machine, unless it was said otherwise', async () => {
  await assert.rejects(createRegistry({ listen: '0.0.0.0:0' }), { code: 'failed-precondition', message: /plain http/ })
  await assert.rejects(createRegistry({ listen: ':0' }), { code: 'failed-precondition' })
  await using registry = await createRegistry({ listen: ':0', allowHttp: true })
  assert.equal((await fetch(`${registry.url}/v2/`)).status, 200)
})
