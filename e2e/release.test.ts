// SPDX-License-Identifier: Apache-2.0
// A release as strangers get it. A copy of the tree, every package of a version that nobody saw before, is published to
// an npm registry on loopback by `npm run release`; then what is installed from there into empty folders, without
// install scripts, does what each README promises first.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test, { after, before } from 'node:test'
import { Tree } from '../scripts/tree.mjs'
import { type NpmRegistry, startNpmRegistry } from './harness/npm-registry.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'

const root = path.resolve(import.meta.dirname, '..')
const nodeFolder = path.dirname(process.execPath)
const system = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** The manifest of every package in a tree, by the package's name. */
const manifestsOf = (tree: string) =>
  new Map(
    globSync('packages/*/package.json', { cwd: tree }).map((file): [string, { name: string; version: string }] => {
      const manifest = JSON.parse(readFileSync(path.join(tree, file), 'utf8'))
      return [manifest.name, manifest]
    }),
  )
const ours = manifestsOf(root)
const names = [...ours.keys()]
/** The platform package that is made here, and the one that may need a compiler that is not there. */
const [made, leftOut] = process.arch === 'x64' ? ['x64', 'arm64'] : ['arm64', 'x64']
const releaseArgs = () => ['run', '--silent', 'release', '--', '--registry', registry.url, '--without', leftOut]

let folder: string
let registry: NpmRegistry
let tree: Tree
let versions: Map<string, string>

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'teu-release-'))
  registry = await startNpmRegistry(path.join(folder, 'npm'))
  tree = Tree.copyOf(root, { build: false })
  const changeset = names.map((name) => `'${name}': minor\n`).join('')
  writeFileSync(path.join(tree.folder, '.changeset/of-a-test.md'), `---\n${changeset}---\n\nA release of a test.\n`)
  git('init', '--quiet')
  git('add', '.changeset')
  git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '--quiet', '-m', 'changesets')
  run('node_modules/.bin/changeset', 'version')
  run('npm', 'run', '--silent', 'manifest', '--prefix', 'packages/cli')
  versions = new Map([...manifestsOf(tree.folder)].map(([name, { version }]) => [name, version]))
  for (const [name, version] of versions) assert.notEqual(version, ours.get(name)?.version, name)
})

after(async () => {
  await registry?.[Symbol.asyncDispose]()
  tree?.removeNow()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** Runs a program in the copy of the tree; it must exit 0. */
function run(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = release(file, ...args)
  assert.equal(status, 0, `${file} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

const git = (...args: string[]) => run('git', ...args)

function release(file: string, ...args: string[]) {
  const env = { ...process.env, ...registry.env, PATH: `${nodeFolder}:${process.env.PATH}` }
  return spawnSync(file, args, { cwd: tree.folder, env, encoding: 'utf8', maxBuffer: 1 << 26 })
}

/** An empty folder into which somebody installs packages of ours, by name, and the programs that they bring. */
class Stranger {
  readonly folder: string
  readonly env: { PATH: string; HOME: string }

  constructor(name: string) {
    this.folder = path.join(folder, name.replace('/', '-'))
    mkdirSync(this.folder)
    this.env = { PATH: `${this.folder}/node_modules/.bin:${nodeFolder}:${system}`, HOME: this.folder }
  }

  async install(...wanted: string[]): Promise<void> {
    writeFileSync(path.join(this.folder, 'package.json'), '{ "type": "module", "private": true }')
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn']
    const env = { ...registry.env, PATH: this.env.PATH }
    const child = spawn('npm', ['install', ...flags, ...wanted], { cwd: this.folder, env })
    const ended = new Promise((resolve) => child.once('close', resolve))
    const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    assert.deepEqual([status, stderr], [0, ''], `npm install ${wanted.join(' ')}\n${stdout}${stderr}`)
    const { version } = JSON.parse(this.read(`node_modules/${wanted[0]}/package.json`))
    assert.equal(version, versions.get(wanted[0] as string))
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), 'utf8')
  }

  /** The first TypeScript program of a package's README, as it was installed. */
  firstProgram(name: string): string {
    const [, program] = /^```ts[^\n]*\n([\s\S]*?)^```/m.exec(this.read(`node_modules/${name}/README.md`)) ?? []
    assert.ok(program, `the README of ${name} has a program`)
    return program
  }

  /** Runs a program in its folder, inside a sandbox's network; it must exit 0. */
  output(sandbox: Sandbox, file: string, ...args: string[]): Promise<string> {
    return sandbox.output(file, args, { cwd: this.folder, env: this.env })
  }

  /** Runs a TypeScript program, and has its types checked against what is installed. */
  async runProgram(sandbox: Sandbox, program: string): Promise<string> {
    writeFileSync(path.join(this.folder, 'program.ts'), program)
    const output = await this.output(sandbox, 'node', 'program.ts')
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2024', lib: ['esnext'], types: ['node'], noEmit: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, typeRoots: [typeRoots] },
    }
    writeFileSync(path.join(this.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    await this.output(sandbox, path.join(root, 'node_modules/.bin/tsc'), '--pretty', 'false', '-p', this.folder)
    return output
  }
}

const typeRoots = path.join(root, 'node_modules/@types')

test('a dry run checks everything, names everything in order, and publishes nothing', async () => {
  const output = run('npm', ...releaseArgs(), '--dry-run')
  const named = [...output.matchAll(/^would publish: (\S+)@/gm)].map(([, name]) => name)
  assert.deepEqual([...named].sort(), [...names, `@teu/linux-${made}`].sort())
  const inOrder = [`@teu/linux-${made}`, '@teu/linux', '@teu/runtime', '@teu/shim', 'teu']
  assert.deepEqual(
    named.filter((name) => inOrder.includes(name as string)),
    inOrder,
  )
  assert.match(output, new RegExp(`^left out: @teu/linux-${leftOut}$`, 'm'))
  for (const name of ['teu', '@teu/errors']) assert.equal((await fetch(registry.url + name)).status, 404, name)
})

test('a release goes on where one ended: it publishes what the registry lacks, and nothing twice', () => {
  const [tarball] = globSync('build/release/tarballs/teu-errors-*.tgz', { cwd: tree.folder })
  run('npm', 'publish', `./${tarball}`)
  const output = run('npm', ...releaseArgs())
  assert.match(output, /^already there: @teu\/errors@/m)
  assert.equal(output.match(/^published: /gm)?.length, names.length)
  assert.match(output, new RegExp(`^${names.length + 1} packages checked, ${names.length} published$`, 'm'))
})

sandboxTest('teu is installed, runs teu/hello at once, and says its versions', async (sandbox) => {
  const stranger = new Stranger('teu')
  await stranger.install('teu')
  const socket = sandbox.path('teu.sock')
  const flags = [
    ['--data-root', sandbox.path('teu')],
    ['--exec-root', sandbox.path('tx')],
    ['--pidfile', sandbox.path('teu.pid')],
    ['--host', `unix://${socket}`],
    ['--cgroup-parent', sandbox.cgroupParent],
  ].flat()
  sandbox.daemon('teud', path.join(stranger.folder, 'node_modules/.bin/teud'), flags, stranger.env)
  const env = { ...stranger.env, DOCKER_HOST: `unix://${socket}` }
  const teu = (...args: string[]) => sandbox.output('teu', args, { cwd: stranger.folder, env })
  await until('teud answers', () => teu('version'))
  const started = performance.now()
  assert.match(await teu('run', '--rm', 'teu/hello'), /hello/i)
  assert.ok(performance.now() - started < 5000, 'no registry is waited for')

  const version = JSON.parse(await teu('version', '--format', 'json'))
  assert.equal(version.Client.Version, versions.get('@teu/cli'))
  assert.equal(version.Server.Version, versions.get('@teu/engine'))
  const [engine, containerd] = version.Server.Components
  assert.equal(engine.Version, versions.get('@teu/engine'))
  assert.equal(containerd.Details.GitCommit, `teu-${versions.get('@teu/containerd')}`)
  assert.equal(await teu('info', '--format', '{{.ServerVersion}}'), `${versions.get('@teu/engine')}\n`)
  const installed = globSync('node_modules/{teu,@teu/*}/package.json', { cwd: stranger.folder })
  // All but the conformance suites, and the platform package.
  assert.equal(installed.length, names.length - 1 + 1)
  for (const file of installed) {
    const { scripts, engines, name } = JSON.parse(stranger.read(file))
    assert.deepEqual([scripts, engines], [undefined, name.endsWith(made) ? undefined : { node: '>=24' }], name)
  }
  await stranger.runProgram(sandbox, stranger.firstProgram('teu'))
})

/** The answer of a layer's program to the question for its version. */
const sayVersions: Record<string, [program: string, flag: string, words: (version: string) => string]> = {
  '@teu/cli': ['teu-cli', '--version', (version) => `Docker version ${version}, build teu-cli\n`],
  '@teu/engine': ['teu-engine', '--version', (version) => `teu-engine ${version}\n`],
  '@teu/containerd': [
    'teu-containerd',
    '--version',
    (version) => `teu-containerd github.com/containerd/containerd 1.6.20+teu teu-${version}\n`,
  ],
  '@teu/shim': ['containerd-shim-teu-v1', '-v', (version) => `containerd-shim-teu-v1:\n  Version:  ${version}\n`],
  '@teu/runtime': ['teu-runtime', '--version', (version) => `teu-runtime version ${version}\n`],
  '@teu/image-registry': ['teu-registry', '--version', (version) => `teu-registry ${version}\n`],
}

/** Packages that a README's first program asks for besides its own, as it says. */
const alongside: Record<string, string[]> = { '@teu/shim': ['@teu/runtime'] }

for (const name of names.filter((other) => !['teu', '@teu/engine', '@teu/conformance'].includes(other)))
  sandboxTest(`${name} alone runs the first program of its README`, async (sandbox) => {
    const stranger = new Stranger(name)
    await stranger.install(name, ...(alongside[name] ?? []))
    const asked = sayVersions[name]
    if (asked) {
      const [program, flag, words] = asked
      const said = await stranger.output(sandbox, program, flag)
      assert.equal(said.slice(0, words(versions.get(name) as string).length), words(versions.get(name) as string))
    }
    await stranger.runProgram(sandbox, stranger.firstProgram(name))
  })

sandboxTest('@teu/engine alone runs the first program of its README, over @teu/containerd alone', async (sandbox) => {
  const stranger = new Stranger('@teu/engine')
  const below = new Stranger('containerd-below')
  await Promise.all([stranger.install('@teu/engine'), below.install('@teu/containerd')])
  const [, , words] = sayVersions['@teu/engine'] as (typeof sayVersions)[string]
  assert.equal(await stranger.output(sandbox, 'teu-engine', '--version'), words(versions.get('@teu/engine') as string))
  const address = sandbox.path('c.sock')
  const flags = ['--root', sandbox.path('root'), '--state', sandbox.path('state'), '--address', address]
  const program = path.join(below.folder, 'node_modules/.bin/teu-containerd')
  sandbox.daemon('teu-containerd', program, flags, below.env)
  await until('containerd listens', () => globSync(address).length === 1)
  const own = stranger
    .firstProgram('@teu/engine')
    .replaceAll('/run/containerd/containerd.sock', address)
    .replaceAll('/var/lib/teu/engine', sandbox.path('data'))
    .replaceAll('/run/teu', sandbox.path('exec'))
  await stranger.runProgram(sandbox, own)
})

sandboxTest('@teu/conformance alone proves a registry that runs from @teu/image-registry alone', async (sandbox) => {
  const stranger = new Stranger('@teu/conformance')
  const beside = new Stranger('registry-beside')
  await Promise.all([stranger.install('@teu/conformance'), beside.install('@teu/image-registry')])
  const program = path.join(beside.folder, 'node_modules/.bin/teu-registry')
  const flags = ['serve', '--root', sandbox.path('registry'), '--addr', '127.0.0.1:5000', '--delete']
  sandbox.daemon('teu-registry', program, flags, beside.env)
  await until('the registry answers', () => sandbox.output('curl', ['-sf', 'http://127.0.0.1:5000/v2/']))
  const suite = ['registry', '--url', 'http://127.0.0.1:5000', '--capability', 'delete', '--capability', 'referrers']
  const output = await stranger.output(sandbox, 'teu-conformance', ...suite)
  assert.match(output, /MUST/)
})
