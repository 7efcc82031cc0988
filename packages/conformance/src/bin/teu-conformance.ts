// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { ContainerdServices } from '@teu/containerd-api'
import { ContainerdContext } from '../containerd/context.ts'
import { containerdSuite } from '../containerd/suite.ts'
import { EngineContext } from '../engine/context.ts'
import { engineSuite } from '../engine/suite.ts'
import { judge, parseKnownGaps } from '../harness/known-gaps.ts'
import { runSuite } from '../harness/run-suite.ts'
import type { CaseResult, ConformanceSuite } from '../harness/suite.ts'
import { RegistryContext } from '../registry/context.ts'
import { registrySuite } from '../registry/suite.ts'
import { RuntimeContext } from '../runtime/context.ts'
import { runtimeSuite } from '../runtime/suite.ts'
import { ShimContext } from '../shim/context.ts'
import { shimSuite } from '../shim/suite.ts'

const usage = `usage: teu-conformance <seam> [options]

  runtime  --runtime PROGRAM           the OCI runtime command line (needs root)
  registry --url URL                   the OCI distribution API
             [--image NAME:TAG]          look at this image, and push nothing
             [--restart COMMAND]         ends the registry and starts it anew at the same URL, with referrers
  engine   --host HOST --image IMAGE   the Docker Engine API; IMAGE is on the engine and has sh
  containerd --address SOCKET          containerd's gRPC API (needs root)
             [--module FILE]             instead of a socket: a module whose default export starts one in this process
             [--runtime NAME]            the runtime of the tasks; io.containerd.runc.v2 by default
             [--snapshotter NAME]        overlayfs by default
             [--image-archive FILE]      an image as docker save writes it, to unpack and run
  shim     --shim PROGRAM              the shim v2 contract (needs root)
             [--runtime-binary PROGRAM]  the OCI runtime under it; the shim's own choice by default

  --capability NAME    what the implementation supports (repeatable): pause, delete, delete-tag, referrers, catalog,
                       sha512, shared-content, runc-options
  --known-gaps FILE    cases that may fail; one of them that passes fails the run
  --filter TEXT        only cases whose name has TEXT
`

const options = {
  runtime: { type: 'string' },
  url: { type: 'string' },
  host: { type: 'string' },
  address: { type: 'string' },
  module: { type: 'string' },
  shim: { type: 'string' },
  'runtime-binary': { type: 'string' },
  snapshotter: { type: 'string' },
  'image-archive': { type: 'string' },
  image: { type: 'string' },
  restart: { type: 'string' },
  capability: { type: 'string', multiple: true },
  'known-gaps': { type: 'string' },
  filter: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

type Values = ReturnType<typeof parse>['values']

function parse() {
  return parseArgs({ options, allowPositionals: true })
}

const seams: Record<string, (values: Values) => Promise<CaseResult[]>> = {
  async runtime(values) {
    const context = await RuntimeContext.create({ runtime: need(values, 'runtime') })
    try {
      return await run(runtimeSuite, context, values)
    } finally {
      await context.dispose()
    }
  },
  async containerd(values) {
    await using started = values.module === undefined ? undefined : await startModule(values.module)
    const context = await ContainerdContext.create({
      address: started?.services ?? need(values, 'address'),
      runcOptions: values.capability?.includes('runc-options') ?? false,
      ...(values.runtime !== undefined && { runtime: values.runtime }),
      ...(values.snapshotter !== undefined && { snapshotter: values.snapshotter }),
      ...(values['image-archive'] !== undefined && { imageArchive: values['image-archive'] }),
    })
    const given = [...(context.imageArchive ? ['image-archive'] : []), ...(started === undefined ? ['socket'] : [])]
    const known = [...(values.capability ?? []), ...given]
    try {
      return await run(containerdSuite, context, { ...values, capability: known })
    } finally {
      await context.dispose()
    }
  },
  async shim(values) {
    const context = await ShimContext.create({
      shim: need(values, 'shim'),
      ...(values['runtime-binary'] !== undefined && { runtimeBinary: values['runtime-binary'] }),
    })
    try {
      return await run(shimSuite, context, values)
    } finally {
      await context.dispose()
    }
  },
  registry(values) {
    const { image, restart } = values
    const url = need(values, 'url')
    const context = new RegistryContext(url, {
      ...(image !== undefined && { image }),
      ...(restart !== undefined && { restart: () => runRestart(restart, url) }),
    })
    const given = [...(image === undefined ? ['push'] : []), ...(restart === undefined ? [] : ['restart'])]
    const known = [...(values.capability ?? []), ...given]
    return run(registrySuite, context, { ...values, capability: known })
  },
  engine: (values) =>
    run(engineSuite, new EngineContext({ host: need(values, 'host'), image: need(values, 'image') }), values),
}

/** Starts an implementation in this process, in a folder of its own, which goes with it. */
async function startModule(file: string): Promise<{ services: ContainerdServices } & AsyncDisposable> {
  const { default: start } = (await import(pathToFileURL(path.resolve(file)).href)) as {
    default: (folder: string) => Promise<{ services: ContainerdServices } & AsyncDisposable>
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'ctd-module-'))
  const { services, [Symbol.asyncDispose]: dispose } = await start(folder)
  return {
    services,
    async [Symbol.asyncDispose]() {
      await dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** By the shell, because it is somebody's own line. */
async function runRestart(command: string, url: string): Promise<string> {
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 25_000 })
  if (status !== 0) throw new Error(`${command}: ended with ${status}: ${stderr}`)
  return url
}

function need(values: Values, name: 'runtime' | 'url' | 'host' | 'image' | 'address' | 'shim'): string {
  const value = values[name]
  if (value === undefined) fail(`--${name} is missing`)
  return value
}

function run<Context>(suite: ConformanceSuite<Context>, context: Context, values: Values): Promise<CaseResult[]> {
  return runSuite(suite, context, {
    capabilities: values.capability ?? [],
    ...(values.filter !== undefined && { filter: values.filter }),
    onResult: ({ name, outcome, reason, duration }) =>
      process.stdout.write(`${outcome.padEnd(7)} ${name} (${duration.toFixed(0)} ms)${reason ? `: ${reason}` : ''}\n`),
  })
}

function fail(message: string): never {
  process.stderr.write(`teu-conformance: ${message}\n\n${usage}`)
  process.exit(2)
}

async function main(): Promise<void> {
  const { values, positionals } = parse()
  if (values.help) return void process.stdout.write(usage)
  const seam = seams[positionals[0] ?? '']
  if (!seam) fail(positionals[0] ? `no such seam: ${positionals[0]}` : 'name a seam')
  const results = await seam(values)
  const gaps = values['known-gaps'] ? parseKnownGaps(readFileSync(values['known-gaps'], 'utf8')) : []
  const verdict = judge(
    results,
    values.filter ? gaps.filter((name) => results.some((result) => result.name === name)) : gaps,
  )
  for (const name of verdict.closed) process.stdout.write(`gap closed, take it off the list: ${name}\n`)
  for (const name of verdict.unknown) process.stdout.write(`no such case in the suite: ${name}\n`)
  const failed = verdict.unexpected.length + verdict.closed.length + verdict.unknown.length
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length
  process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`)
  process.exitCode = failed > 0 ? 1 : 0
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)))
