// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { insecureAmong } from './insecure-registries.ts'
import { registryHosts } from './registry-hosts.ts'

async function inFolder(files: Record<string, string>, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-hosts-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), text)
    }
    await body(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const toml = `
server = "https://registry-1.docker.io"
ca = "ca.pem"

[host."https://mirror.example"]
  capabilities = ["pull"]
  client = [["client.pem", "client.key"]]
  [host."https://mirror.example".header]
    X-Team = ["a", "b"]

[host."http://10.0.0.1:5000/proxy/v2/hub"]
  override_path = true
  skip_verify = true

[host."push-only.example"]
  capabilities = ["push"]
`

test('hosts.toml says where a registry is, and who is asked before it', () =>
  inFolder(
    {
      'docker.io/hosts.toml': toml,
      'docker.io/ca.pem': 'CA',
      'docker.io/client.pem': 'C',
      'docker.io/client.key': 'K',
    },
    async (folder) => {
      const hosts = registryHosts({ directories: [folder], registryMirrors: ['https://last.example'] })
      assert.deepEqual(await hosts('docker.io'), {
        url: 'https://registry-1.docker.io',
        ca: 'CA',
        mirrors: [
          { url: 'https://mirror.example', capabilities: ['pull'], cert: 'C', key: 'K', headers: { 'x-team': 'a, b' } },
          {
            url: 'http://10.0.0.1:5000/proxy/v2/hub',
            capabilities: ['resolve', 'pull'],
            insecure: true,
            overridePath: true,
          },
          { url: 'https://last.example' },
        ],
      })
      assert.deepEqual(await hosts('other.example'), {})
    },
  ))

test('folders are found by each spelling of the port, then the one for all', () =>
  inFolder(
    {
      'a.example_5000_/hosts.toml': 'server = "https://a"',
      'b.example:5000/hosts.toml': 'server = "b"',
      '_default/hosts.toml': '[host."https://every.example"]',
    },
    async (folder) => {
      const hosts = registryHosts({ directories: [path.join(folder, 'absent'), folder] })
      assert.equal((await hosts('a.example:5000')).url, 'https://a')
      assert.equal((await hosts('b.example:5000')).url, 'https://b')
      assert.deepEqual((await hosts('c.example')).mirrors?.length, 1)
    },
  ))

test("certificates go by docker's names", () =>
  inFolder(
    { 'r/a.crt': 'A', 'r/b.crt': 'B', 'r/x.cert': 'X', 'r/x.key': 'Y', 'bad/x.cert': 'X', 'bad2/x.key': 'X' },
    async (folder) => {
      const hosts = registryHosts({ directories: [folder] })
      assert.deepEqual(await hosts('r'), { ca: 'A\nB', cert: 'X', key: 'Y' })
      await assert.rejects(async () => hosts('bad'), {
        code: 'invalid-argument',
        message: /x\.cert without x\.key.*\*\.crt/,
      })
      await assert.rejects(async () => hosts('bad2'), { code: 'invalid-argument', message: /x\.key without x\.cert/ })
    },
  ))

test("docker's daemon.json is heard", () =>
  inFolder(
    {
      'daemon.json':
        '{"registry-mirrors": ["https://m"], "insecure-registries": ["r:5000", "10.0.0.0/8"], "debug": true}',
      'bad.json': '{"registry-mirrors": "https://m"}',
      'worse.json': '{',
    },
    async (folder) => {
      const of = (name: string) => registryHosts({ directories: [], daemonConfig: path.join(folder, name) })
      assert.deepEqual(await of('daemon.json')('docker.io'), { mirrors: [{ url: 'https://m' }] })
      assert.deepEqual(await of('daemon.json')('r:5000'), { insecure: true })
      assert.deepEqual(await of('daemon.json')('10.9.9.9:5000'), { insecure: true })
      assert.deepEqual(await of('daemon.json')('other'), {})
      assert.deepEqual(await of('absent.json')('other'), {})
      for (const name of ['bad.json', 'worse.json'])
        await assert.rejects(of(name)('docker.io'), { code: 'invalid-argument' })
    },
  ))

test('a mirror has credentials of its own', async () => {
  const asked: string[] = []
  const credentials = (registry: string) => {
    asked.push(registry)
    return { username: 'u', password: 'p' }
  }
  const hosts = registryHosts({ directories: [], registryMirrors: ['https://m.example:8443/x'], credentials })
  const [mirror] = (await hosts('docker.io')).mirrors ?? []
  assert.ok(typeof mirror === 'object' && mirror.credentials !== undefined)
  assert.deepEqual(await mirror.credentials(), { username: 'u', password: 'p' })
  assert.deepEqual(asked, ['m.example:8443'])
})

const malformed = [
  'server = 5',
  'server = "a" server',
  '[host."https://m"]\ncapabilities = ["fly"]',
  '[host."https://m"]\nskip_verify = "yes"',
  '[host."https://m"]\nclient = [[5]]',
  '[host."https://m"]\nheader = "x"',
  'host = 5',
  'ca = "absent.pem"',
  'ca = [["x"]]',
]
for (const text of malformed) {
  test(`${JSON.stringify(text)} is refused`, () =>
    inFolder({ 'r/hosts.toml': text }, async (folder) => {
      await assert.rejects(registryHosts({ directories: [folder] })('r'), {
        code: 'invalid-argument',
        message: /r\/hosts\.toml/,
      })
    }))
}

test('ranges are for addresses, whatever a name resolves to', () => {
  const insecure = insecureAmong(['r:5000', '127.0.0.0/8', 'fd00::/8', 'http://plain.example', '10.0.0.0/99'])
  for (const registry of ['r:5000', '127.0.0.1', '127.0.0.1:80', '[fd00::1]:5000', 'plain.example'])
    assert.ok(insecure(registry), registry)
  for (const registry of ['r', 'r:5001', '128.0.0.1', 'localhost', '[fe00::1]', '10.0.0.1'])
    assert.ok(!insecure(registry), registry)
})
