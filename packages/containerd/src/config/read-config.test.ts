// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { defaultConfig } from './config.ts'
import { parseDuration } from './duration.ts'
import { formatConfig, parseConfig, readConfig } from './read-config.ts'

test('what is printed is read again', () => {
  assert.deepEqual(parseConfig(formatConfig(defaultConfig()), 'x'), defaultConfig())
})

test('values go over the defaults, and sections of others are kept', () => {
  const text = `
    version = 2
    root = "/data"
    oom_score = -999
    disabled_plugins = ["io.containerd.snapshotter.v1.native"]
    [grpc]
      gid = 12
    [plugins."io.containerd.gc.v1.scheduler"]
      pause_threshold = 0.1
    [plugins."io.containerd.grpc.v1.cri"]
      stream_server_port = "0"
  `
  const config = parseConfig(text, 'x')
  assert.equal(config.root, '/data')
  assert.equal(config.grpc.gid, 12)
  assert.equal(config.grpc.address, defaultConfig().grpc.address)
  assert.equal(config.plugins['io.containerd.gc.v1.scheduler']!.pause_threshold, 0.1)
  assert.equal(config.plugins['io.containerd.gc.v1.scheduler']!.mutation_threshold, 100)
  assert.equal(config.plugins['io.containerd.grpc.v1.cri']!.stream_server_port, '0')
})

for (const [what, text] of Object.entries({
  'no TOML': 'root =',
  'version 1': 'version = 1',
  'a number for a text': 'root = 5',
  'a text for a table': 'grpc = "x"',
  'a text for a list': 'disabled_plugins = "x"',
}))
  test(`${what} is refused, with the name of the file`, () => {
    assert.throws(() => parseConfig(text, 'file.toml'), { code: 'invalid-argument', message: /^file\.toml/ })
  })

test('durations are those of Go', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['100ms', 100],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['2us', 0.002],
  ] as const)
    assert.equal(parseDuration(text), ms)
  for (const text of ['', '5', 's', '1 s', '-1s', '1x'])
    assert.throws(() => parseDuration(text), { code: 'invalid-argument' })
})

const refused: [text: string, message: string][] = [
  ['[proxy_plugins.x]\ntype = "snapshot"\naddress = "/x"', 'proxy_plugins is not supported by this daemon'],
  ['[stream_processors.x]\npath = "x"', 'stream_processors.x is not supported by this daemon'],
  ['[metrics]\naddress = "127.0.0.1:1338"', 'metrics.address is not supported by this daemon'],
  ['[metrics]\ngrpc_histogram = true', 'metrics.grpc_histogram is not supported by this daemon'],
  ['[grpc]\ntcp_address = "127.0.0.1:1"', 'grpc.tcp_address is not supported by this daemon'],
  ['[grpc]\nmax_recv_message_size = 1', 'grpc.max_recv_message_size is not supported by this daemon'],
  ['[debug]\naddress = "/x"', 'debug.address is not supported by this daemon'],
  ['[debug]\nformat = "json"', 'debug.format is not supported by this daemon'],
  ['plugin_dir = "/x"', 'plugin_dir is not supported by this daemon'],
  ['temp = "/x"', 'temp is not supported by this daemon'],
  ['oom_score = -1001', 'oom_score has to be an integer from -1000 to 1000, is -1001'],
  ['nonsense = 1', 'nonsense is not known to this daemon'],
  ['[grpc]\nnonsense = 1', 'grpc.nonsense is not known to this daemon'],
  ['[timeouts]\n"io.containerd.timeout.shim.load" = "soon"', 'timeouts.io.containerd.timeout.shim.load has to be a'],
  ['[timeouts]\n"io.containerd.timeout.bolt.open" = "1s"', 'timeouts.io.containerd.timeout.bolt.open is not supported'],
  ['[timeouts]\n"io.containerd.timeout.nonsense" = "1s"', 'timeouts.io.containerd.timeout.nonsense is not known'],
  ['[plugins."io.containerd.differ.v1.walking"]\nworkers = 0', '.workers has to be an integer from 1 to 64, is 0'],
  ['[plugins."io.containerd.differ.v1.walking"]\nworkers = 1.5', '.workers has to be an integer from 1 to 64, is 1.5'],
  ['[plugins."io.containerd.differ.v1.walking"]\nworker = 1', '.worker is not known to this daemon'],
  ['[plugins."io.containerd.gc.v1.scheduler"]\npause_threshold = 2', '.pause_threshold has to be from 0 to 1, is 2'],
  ['[plugins."io.containerd.gc.v1.scheduler"]\nschedule_delay = "x"', '.schedule_delay has to be a duration'],
  ['[plugins."io.containerd.metadata.v1.bolt"]\ncontent_sharing_policy = "x"', 'one of shared, isolated, is "x"'],
  ['[plugins."io.containerd.snapshotter.v1.overlayfs"]\nupperdir_label = true', '.upperdir_label is not supported'],
]

for (const [text, message] of refused)
  test(`${JSON.stringify(text)} is refused by name`, () => {
    assert.throws(
      () => parseConfig(text, 'file.toml'),
      (error: Error & { code?: string }) =>
        error.code === 'invalid-argument' && error.message.startsWith('file.toml: ') && error.message.includes(message),
    )
  })

test('parseConfig takes a default that containerd prints when this daemon behaves that way anyway', () => {
  const text = `
    oom_score = 0
    plugin_dir = ""
    temp = ""
    imports = []
    [cgroup]
      path = ""
    [debug]
      address = ""
      format = ""
    [grpc]
      max_recv_message_size = 16777216
      tcp_address = ""
    [metrics]
      address = ""
      grpc_histogram = false
    [plugins."io.containerd.snapshotter.v1.native"]
      root_path = ""
    [plugins."io.containerd.service.v1.diff-service"]
      default = ["walking"]
    [proxy_plugins]
    [stream_processors."io.containerd.ocicrypt.decoder.v1.tar"]
      path = "ctd-decoder"
    [timeouts]
      "io.containerd.timeout.bolt.open" = "0s"
      "io.containerd.timeout.shim.cleanup" = "5s"
  `
  assert.equal(parseConfig(text, 'x').timeouts['io.containerd.timeout.shim.cleanup'], '5s')
})

async function folderOf(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'teu-config-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'more'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('imported files go over the one that names them, once each, and add to its lists', async (t) => {
  const folder = await folderOf(t, {
    'main.toml': 'imports = ["more/*.toml", "last.toml"]\nroot = "/main"\nstate = "/main"\nrequired_plugins = ["a"]',
    'more/1.toml': 'root = "/one"\nimports = ["../main.toml"]\nrequired_plugins = ["b"]',
    'more/2.toml': 'root = "/two"\n[plugins."io.containerd.differ.v1.walking"]\nworkers = 7',
    'last.toml': 'oom_score = 5\nrequired_plugins = ["a", "c"]',
  })
  const config = await readConfig(join(folder, 'main.toml'))
  assert.equal(config.root, '/two')
  assert.equal(config.state, '/main')
  assert.equal(config.oom_score, 5)
  assert.deepEqual(config.required_plugins, ['a', 'b', 'c'])
  assert.equal(config.plugins['io.containerd.differ.v1.walking']!.workers, 7)
  assert.deepEqual(
    config.imports,
    ['main.toml', 'more/1.toml', 'more/2.toml', 'last.toml'].map((name) => join(folder, name)),
  )
})

test('an imported file that is not there, or is refused, is named', async (t) => {
  const folder = await folderOf(t, {
    'gone.toml': 'imports = ["nothere.toml"]',
    'bad.toml': 'imports = ["worse.toml"]',
    'worse.toml': 'root = 5',
  })
  await assert.rejects(readConfig(join(folder, 'gone.toml')), { code: 'not-found', message: /nothere\.toml/ })
  await assert.rejects(readConfig(join(folder, 'bad.toml')), { code: 'invalid-argument', message: /worse\.toml: root/ })
})
