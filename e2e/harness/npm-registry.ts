// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { until } from './sandbox.ts'

const root = path.resolve(import.meta.dirname, '../..')
const source = path.join(root, 'e2e/verdaccio')
const installed = path.join(root, 'build/verdaccio')

/** A verdaccio on loopback that takes our packages from anybody, and gets the rest where npm gets it here. */
export interface NpmRegistry extends AsyncDisposable {
  url: string
  /** npm's settings for it: the registry, a token, a cache and a home of its own. */
  env: Record<string, string>
}

/** Starts a registry for npm that keeps everything below `folder`. */
export async function startNpmRegistry(folder: string): Promise<NpmRegistry> {
  install()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const setting = (name: string) => spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim()
  const uplink = setting('registry')
  // npm has certificates by a setting of its own, of which verdaccio does not know.
  const certificates = setting('cafile')
  const trust = certificates === 'null' || certificates === '' ? {} : { NODE_EXTRA_CA_CERTS: certificates }
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, 'verdaccio.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(settings(folder, uplink)))
  const child = spawn(
    process.execPath,
    [path.join(installed, 'node_modules/verdaccio/bin/verdaccio'), '--config', file, '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...trust, ...process.env, HOME: folder, NODE_NO_WARNINGS: '1' } },
  )
  try {
    await until('the npm registry answers', async () => (await fetch(`${url}-/ping`)).ok)
  } catch (error) {
    await end(child)
    throw error
  }
  const userconfig = path.join(folder, 'npmrc')
  writeFileSync(userconfig, `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`)
  const env = {
    HOME: folder,
    npm_config_registry: url,
    npm_config_userconfig: userconfig,
    npm_config_cache: path.join(folder, 'cache'),
    npm_config_update_notifier: 'false',
  }
  return { url, env, [Symbol.asyncDispose]: () => end(child) }
}

/** Installs verdaccio's packages once for each lock file: they are too many for everybody's `npm ci`. */
function install(): void {
  const lock = readFileSync(path.join(source, 'package-lock.json'), 'utf8')
  if (readIfThere(path.join(installed, 'package-lock.json')) === lock) return
  const folder = `${installed}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  try {
    for (const name of ['package.json', 'package-lock.json'])
      copyFileSync(path.join(source, name), path.join(folder, name))
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    const { status, stderr } = spawnSync('npm', ['ci', ...flags], { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`verdaccio cannot be installed: ${stderr}`)
    rmSync(installed, { recursive: true, force: true })
    renameSync(folder, installed)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function settings(folder: string, uplink: string): object {
  const everybody = { access: '$all', publish: '$all', unpublish: '$all' }
  return {
    storage: path.join(folder, 'storage'),
    auth: { htpasswd: { file: path.join(folder, 'htpasswd') } },
    uplinks: { npm: { url: uplink } },
    packages: { teu: everybody, '@teu/*': everybody, '**': { access: '$all', proxy: 'npm' } },
    web: { enable: false },
    log: { type: 'stdout', level: 'error' },
    max_body_size: '100mb',
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
