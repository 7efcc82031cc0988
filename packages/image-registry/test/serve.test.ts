// SPDX-License-Identifier: Apache-2.0
// The program `teu-registry serve` as a process.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import bcrypt from 'bcryptjs'
import { basic, putImage } from './requests.ts'
import { program, serve, until } from './serve-program.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

test('it serves, logs each request without its secrets, and ends when told to', async (t) => {
  const served = await serve(t, () => ['--metrics', '--debug-addr', '127.0.0.1:0'])
  await putImage(served.url, 'team/app', 'v1', { headers: basic('someone', 'secret-password') })
  assert.equal((await fetch(`${served.url}/v2/team/app/manifests/v1?ns=private-query`)).status, 200)
  assert.equal(
    (await fetch(`${served.url}/v2/team/app/manifests/v1`, { method: 'DELETE' })).status,
    405,
    'deleting is off',
  )
  const debug = served.log().find((entry) => entry['debug'] !== undefined)?.['debug']
  assert.equal((await fetch(`http://${debug}/debug/health`)).status, 200)
  assert.match(await (await fetch(`http://${debug}/metrics`)).text(), /^process_resident_memory_bytes \d+$/m)
  assert.equal((await fetch(`http://${debug}/v2/`)).status, 404)
  assert.equal(await served.end(), 0)
  const requests = served.log().filter((entry) => entry['msg'] === 'request')
  const pulled = requests.find((entry) => entry['method'] === 'GET' && entry['route'] === 'manifest')
  assert.deepEqual(
    [pulled?.['path'], pulled?.['repository'], pulled?.['status'], pulled?.['level'], pulled?.['address']],
    ['/v2/team/app/manifests/v1', 'team/app', 200, 'info', '127.0.0.1'],
  )
  assert.ok(Number(pulled?.['sent']) > 100 && Date.parse(String(pulled?.['time'])) > 0)
  const text = JSON.stringify(served.log())
  for (const secret of ['secret-password', 'private-query', 'c29tZW9uZTpzZWNyZXQ'])
    assert.ok(!text.includes(secret), secret)
})

test('settings come from flags, environment and file', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-config-'))
  t.after(() => rm(folder, { recursive: true }))
  const config = path.join(folder, 'r.toml')
  await writeFile(config, 'warning = ["**=from the file"]\npage = false\nread-only = true\n')
  const served = await serve(t, () => ['--no-read-only'], {
    TEU_REGISTRY_CONFIG: config,
    TEU_REGISTRY_PAGE: 'true',
    TEU_REGISTRY_HTPASWD: 'x',
  })
  assert.equal((await fetch(served.url)).status, 200)
  await putImage(served.url, 'a', 'v1')
  assert.equal((await fetch(`${served.url}/v2/a/tags/list`)).headers.get('warning'), '299 - "from the file"')
  assert.ok(served.log().some((entry) => entry['variable'] === 'TEU_REGISTRY_HTPASWD'))
})

test('SIGHUP reads users again, and a wrong file changes nothing', async (t) => {
  const users = (password: string) => `alice:${bcrypt.hashSync(password, 4)}\n`
  const htpasswd = (folder: string) => path.join(folder, 'users')
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-users-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(htpasswd(folder), users('first'))
  const served = await serve(t, () => ['--htpasswd', htpasswd(folder), '--anonymous-pull', 'open/*'])
  const status = async (password: string) =>
    (await fetch(`${served.url}/v2/`, { headers: basic('alice', password) })).status
  assert.equal(await status('first'), 200)
  await writeFile(htpasswd(folder), users('second'))
  served.child.kill('SIGHUP')
  await until(async () => (await status('second')) === 200)
  assert.equal(await status('first'), 401)
  await writeFile(htpasswd(folder), 'alice:plain')
  served.child.kill('SIGHUP')
  await until(() => served.log().some((entry) => String(entry['error']).includes('line 1 has no bcrypt hash')))
  assert.equal(await status('second'), 200)
  const key = path.join(served.folder, 'root/teu/token-key.pem')
  assert.equal((await stat(key)).mode & 0o777, 0o600)
  assert.match(await readFile(key, 'utf8'), /^-----BEGIN PRIVATE KEY-----/)
})

test('SIGHUP reads the certificate again', { skip: hasOpenssl ? false : 'needs openssl' }, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-certificate-'))
  t.after(() => rm(folder, { recursive: true }))
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  const issue = (name: string) => {
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
    const { status, stderr } = spawnSync('openssl', [...argv, '-subj', `/CN=${name}`, '-days', '2'], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  }
  issue('first')
  const served = await serve(t, () => ['--tls-cert', cert, '--tls-key', key])
  const name = () =>
    new Promise<string | undefined>((resolve, reject) => {
      get(`${served.url}/v2/`, { rejectUnauthorized: false, agent: false }, (answer) => {
        answer.resume()
        const { subject } = (
          answer.socket as unknown as { getPeerCertificate(): { subject: { CN?: string } } }
        ).getPeerCertificate()
        resolve(subject.CN)
      }).on('error', reject)
    })
  assert.equal(await name(), 'first')
  issue('second')
  served.child.kill('SIGHUP')
  await until(async () => (await name()) === 'second')
  await writeFile(cert, 'nonsense')
  served.child.kill('SIGHUP')
  await until(() => served.log().some((entry) => String(entry['error']).startsWith('tls: ')))
  assert.equal(await name(), 'second')
})

test('what goes on is finished before the end, unless a second signal comes', async (t) => {
  const slow = () => {
    let finish = () => {}
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(10))
        finish = () => {
          controller.enqueue(new Uint8Array(10))
          controller.close()
        }
      },
    })
    return { body, finish: () => finish() }
  }
  const begin = async (url: string) => {
    const answer = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
    const place = new URL(answer.headers.get('location') ?? '', url)
    const { body, finish } = slow()
    const going = fetch(place, { method: 'PATCH', body, duplex: 'half' } as RequestInit)
    await delay(100)
    return { going, finish }
  }
  const first = await serve(t, () => ['--grace', '20s'])
  const upload = await begin(first.url)
  const ending = first.end()
  await until(async () =>
    fetch(`${first.url}/v2/`).then(
      () => false,
      () => true,
    ),
  )
  upload.finish()
  const answer = await upload.going
  assert.deepEqual([answer.status, answer.headers.get('range')], [202, '0-19'])
  assert.equal(await ending, 0)
  const second = await serve(t, () => ['--grace', '60s'])
  const other = await begin(second.url)
  other.going.catch(() => {})
  const started = performance.now()
  second.child.kill('SIGINT')
  await delay(200)
  assert.equal(second.child.exitCode, null)
  assert.equal(await second.end('SIGINT'), 0)
  assert.ok(performance.now() - started < 5_000)
})

for (const more of [[], ['--collect', '--collect-every', '2d', '--collect-grace', '1h']])
  test(`uploads expire when --upload-expiry says so, with ${more[0] ?? 'no --collect'}`, async (t) => {
    const { url } = await serve(t, () => ['--upload-expiry', '500ms', ...more])
    const begun = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
    const upload = new URL(begun.headers.get('location') ?? '', url)
    assert.equal((await fetch(upload)).status, 204)
    await until(async () => (await fetch(upload)).status === 404)
  })

test('wrong settings are status 2 and one line', () => {
  for (const [argv, text] of [
    [['--tls-cert', 'x'], '--tls-cert and --tls-key go together'],
    [['--access', 'a=b:pull'], '--access and --anonymous-pull go with --htpasswd'],
    [['--quota', 'x'], 'quota "x": want repos=size'],
    [['--webhook-action', 'x'], 'webhook action "x": want push, pull, mount or delete'],
    [['--proxy', 'https://x', '--proxy-username', 'u'], '--proxy-username and --proxy-password go together'],
    [['--log-level', 'loud'], 'log level "loud": want info, warn, error, silent'],
    [['--collect-every', '1h'], '--collect-every goes with --collect'],
    [['--collect-grace', '1h'], '--collect-grace goes with --collect'],
    [['--collect-untagged', '1h', '--no-collect'], '--collect-untagged goes with --collect'],
    [['--rate-limit', '5'], '--rate-limit: rate "5": want COUNT/PERIOD, such as 600/1m'],
    [['--proxy', 'https://x', '--read-only'], 'a cache of another registry has to write: not readOnly and proxy'],
  ] as const) {
    const root = path.join(tmpdir(), 'teu-never-made')
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--conditions=teu-source', program, 'serve', '--root', root, ...argv],
      { encoding: 'utf8' },
    )
    assert.deepEqual([status, stderr.split('\n')[0]], [2, `teu-registry: ${text}`])
  }
})
