// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Any, connectContainerd, inNamespace } from '@teu/containerd-api'
import { messageOf, StackError } from '@teu/errors'
import { trimAllocatorWhenIdle, useFrugalAllocator } from '@teu/linux'
import { type ContainerdConfig, defaultConfig } from './config/config.ts'
import { enterCgroup } from './config/enter-cgroup.ts'
import { formatConfig, readConfig } from './config/read-config.ts'
import { createContainerd } from './create-containerd.ts'
import { fsckCommand } from './fsck/fsck-command.ts'
import { type Logger, type LogLevel, logLevels } from './log/logger.ts'
import { textLogger } from './log/text-logger.ts'
import { hookProgram } from './oci-hook/oci-hook.ts'
import { pluginTypes } from './plugin/plugin.ts'
import { revisionText, versionText } from './version.ts'

const usage = `usage: teu-containerd [options] [command]

commands:
  config default   print the configuration that holds without a file
  config dump      print the configuration as it is read
  publish          publish an event that is read from standard input
  oci-hook CMD...  run a command as a hook of a container, with {{id}}, {{bundle}}, {{rootfs}}, {{pid}},
                   {{status}} and {{annotation "NAME"}} in its arguments and environment filled in
  fsck             compare records with the disk and read every blob, while no daemon runs; changes
                   nothing; exits with 0 when all is well, 4 when something is damaged, 8 when it
                   could not be checked

options:
  -c, --config FILE       configuration (TOML, version 2)
  -l, --log-level LEVEL   ${logLevels.join(', ')}
  -a, --address SOCKET    where to serve gRPC
      --root FOLDER       what stays
      --state FOLDER      what is gone after a reboot
      --topic, --namespace  of the event to publish
  -v, --version
  -h, --help
`

/** The program: runs until a signal, and returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    // Its arguments are a program's, options too.
    if (argv[0] === 'oci-hook') await becomeHook(argv.slice(1))
    const { values, positionals } = parseCommandLine(argv)
    if (values.help) process.stdout.write(usage)
    else if (values.version)
      process.stdout.write(`teu-containerd github.com/containerd/containerd ${versionText} ${revisionText}\n`)
    else return await run(positionals, values)
    return 0
  } catch (error) {
    process.stderr.write(`teu-containerd: ${messageOf(error)}\n`)
    return 1
  }
}

/** Turns this process into the command of a hook, whose status is then the hook's. */
async function becomeHook(words: readonly string[]): Promise<never> {
  const { file, args, env } = await hookProgram(words, process.env, process.stdin)
  const { execve } = process
  if (execve === undefined) throw new StackError('not-implemented', 'oci-hook: this system has no execve')
  return execve.call(process, file, args, env)
}

type Values = ReturnType<typeof parseCommandLine>['values']

function parseCommandLine(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        'log-level': { type: 'string', short: 'l' },
        address: { type: 'string', short: 'a' },
        root: { type: 'string' },
        state: { type: 'string' },
        topic: { type: 'string' },
        namespace: { type: 'string' },
        version: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new StackError('invalid-argument', messageOf(error), { cause: error })
  }
}

async function run(words: readonly string[], values: Values): Promise<number> {
  const command = words.join(' ')
  if (command === 'config default') process.stdout.write(formatConfig(defaultConfig()))
  else if (command === 'config dump') process.stdout.write(formatConfig(await configOf(values)))
  else if (command === 'publish') await publish(values)
  else if (command === 'fsck') return fsck(await configOf(values))
  else if (command === '') await serve(await configOf(values))
  else throw new StackError('invalid-argument', `unknown command: ${command}`)
  return 0
}

function fsck({ root, plugins }: ContainerdConfig): Promise<number> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopped.abort(new StackError('cancelled', `stopped by ${signal}`)))
  const output = {
    out: (line: string) => void process.stdout.write(line),
    err: (line: string) => void process.stderr.write(line),
  }
  const prefix = `${pluginTypes.snapshotter}.`
  const roots = Object.entries(plugins)
    .filter(([uri, settings]) => uri.startsWith(prefix) && settings.root_path)
    .map(([uri, settings]) => [uri.slice(prefix.length), String(settings.root_path)])
  return fsckCommand({ root, snapshotterRoots: Object.fromEntries(roots) }, stopped.signal, output)
}

async function configOf(values: Values): Promise<ContainerdConfig> {
  const config = values.config === undefined ? defaultConfig() : await readConfig(values.config)
  if (values.root !== undefined) config.root = values.root
  if (values.state !== undefined) config.state = values.state
  if (values.address !== undefined) config.grpc.address = values.address
  if (values['log-level'] !== undefined) config.debug.level = values['log-level']
  if (!(logLevels as readonly string[]).includes(config.debug.level))
    throw new StackError('invalid-argument', `unknown log level: ${config.debug.level}`)
  return config
}

async function serve(config: ContainerdConfig): Promise<void> {
  const log = textLogger(config.debug.level as LogLevel, (line) => process.stderr.write(line))
  const stopped = untilSignal()
  if (config.oom_score !== 0) await setOomScore(config.oom_score, log)
  if (config.cgroup.path !== '') await enterCgroup(config.cgroup.path)
  // Without this a reader that went away would be an exception, whose report is written to the same reader.
  process.stderr.on('error', () => {})
  useFrugalAllocator()
  using _trimming = trimAllocatorWhenIdle()
  // One call's mistake must not end the calls of everybody else.
  process.on('unhandledRejection', (error) => log.error({ error: messageOf(error) }, 'unhandled rejection'))
  process.on('uncaughtException', (error) => log.error({ error: error.stack }, 'uncaught exception'))
  const containerd = await createContainerd({
    root: config.root,
    state: config.state,
    address: config.grpc.address,
    ttrpcAddress: config.ttrpc.address || undefined,
    publishBinary: process.argv[1],
    config,
    log,
  })
  try {
    await containerd.listen()
    log.info({ address: containerd.address }, 'serving')
    log.info({ signal: await stopped }, 'stopping')
  } finally {
    await containerd[Symbol.asyncDispose]()
  }
  process.exit(0)
}

/** Sets the score of this process. When the kernel refuses, the daemon logs an error and serves nevertheless. */
async function setOomScore(score: number, log: Logger): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', String(score))
  } catch (error) {
    log.error({ score, error: messageOf(error) }, 'failed to change OOM score')
  }
}

/** The first signal that asks for an end; a second one ends at once. */
async function untilSignal(): Promise<string> {
  const signals = ['SIGTERM', 'SIGINT'] as const
  // A reader that went away, or a config reload that there is not: neither is a reason to die.
  for (const signal of ['SIGPIPE', 'SIGHUP'] as const) process.on(signal, () => {})
  return Promise.race(
    signals.map(async (signal) => {
      await once(process, signal)
      process.once(signal, () => process.exit(1))
      return signal
    }),
  )
}

async function publish(values: Values): Promise<void> {
  const { address = defaultConfig().grpc.address, topic, namespace } = values
  if (!topic || !namespace)
    throw new StackError('invalid-argument', 'topic and namespace are required to publish an event')
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  await using containerd = connectContainerd({ address })
  await containerd.events.publish(
    { topic, event: Any.decode(Buffer.concat(chunks)) },
    inNamespace(namespace, { timeoutMs: 5000 }),
  )
}
