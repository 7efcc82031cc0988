// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander'
import type { StoreStats } from '../upkeep/store-stats.ts'
import { openFor, type StoreFlags, withStoreFlags } from './open-store.ts'
import { columns, formatSize, printJson, run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

/** Milliseconds, of a text such as `90s`, `15m`, `24h` or `7d`. @internal */
export function duration(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]
  if (factor === undefined) throw new InvalidArgumentError('It is no duration such as 24h or 7d.')
  return Number(number) * factor
}

interface GcFlags extends StoreFlags {
  dryRun?: boolean
  grace?: number
  untagged?: number
  uploads?: number
}

/** `teu-registry gc`. @internal */
export function gcCommand(around: Surroundings): Command {
  const command = new Command('gc')
    .description('Remove what nothing points at from a registry that is not running; one that runs does it itself.')
    .option('--dry-run', 'only say what would be removed, by when it came')
    .option('--grace <time>', 'what came more recently stays (default: 24h)', duration)
    .option('--untagged <time>', 'also remove manifests without a tag that are older than this', duration)
    .option('--uploads <time>', 'remove uploads that nothing came for in so long (default: 7d)', duration)
  return withStoreFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  teu-registry gc --root ./registry --dry-run
  teu-registry gc --root ./registry --grace 0s --untagged 7d`,
    )
    .action((flags: GcFlags) =>
      run(around, async ({ signal }) => {
        const { dryRun = false, grace = duration('24h'), uploads: idle = duration('7d') } = flags
        const { collectGarbage } = await import('../gc/collect-garbage.ts')
        await using opened = await openFor(flags, dryRun)
        const { store } = opened
        const result = await collectGarbage(store, {
          ...{ dryRun, signal, olderThanMs: grace, uploadsOlderThanMs: idle },
          ...(flags.untagged === undefined ? {} : { untaggedOlderThanMs: flags.untagged }),
        })
        if (flags.json) return printJson(around, { dryRun, ...result })
        const { blobs, bytes, manifests, uploads } = result
        const what = `${blobs} blobs (${formatSize(bytes)}), ${manifests} manifests without a tag, ${uploads} uploads`
        around.stdout.write(`${dryRun ? 'would remove' : 'removed'} ${what}\n`)
      }),
    )
}

interface FsckFlags extends StoreFlags {
  repair?: boolean
  contents: boolean
}

/** `teu-registry fsck`: exits with 1 when something is wrong that was not put right. @internal */
export function fsckCommand(around: Surroundings): Command {
  const command = new Command('fsck')
    .description("Check a registry's directory: every byte against its digest, and that what is pointed at is there.")
    .option('--repair', 'put right what can be; the registry must not be running')
    .option('--no-contents', 'do not read blobs')
  return withStoreFlags(command)
    .addHelpText(
      'after',
      `
The exit code is 0 when all is well, or was put right.

Examples:
  teu-registry fsck --root ./registry
  teu-registry fsck --root ./registry --repair --json`,
    )
    .action((flags: FsckFlags) =>
      run(around, async ({ signal }) => {
        const { repair = false, contents, json } = flags
        const { checkStore } = await import('../upkeep/check-store.ts')
        await using opened = await openFor(flags, !repair)
        const { store } = opened
        const result = await checkStore(store, {
          ...{ repair, contents, signal },
          onFinding: ({ kind, message, repaired }) =>
            void (!json && around.stdout.write(`${kind}: ${message}${repaired ? ' (put right)' : ''}\n`)),
        })
        const { findings, repositories, manifests, blobs, bytes } = result
        if (json) printJson(around, result)
        else
          around.stdout.write(
            `${findings.length === 0 ? 'all is well' : `${findings.length} findings`}: ${repositories} repositories, ${manifests} manifests, ${blobs} blobs (${formatSize(bytes)})\n`,
          )
        if (findings.some(({ repaired }) => !repaired)) around.exitCode = 1
      }),
    )
}

/** `teu-registry stats`. @internal */
export function statsCommand(around: Surroundings): Command {
  return withStoreFlags(new Command('stats').description("Show what a registry's directory takes, and what for."))
    .addHelpText('after', '\nExamples:\n  teu-registry stats --root ./registry')
    .action((flags: StoreFlags) =>
      run(around, async ({ signal }) => {
        const { storeStats } = await import('../upkeep/store-stats.ts')
        await using opened = await openFor(flags, true)
        const { store } = opened
        const stats = await storeStats(store, { signal })
        if (flags.json) printJson(around, stats)
        else around.stdout.write(statsText(stats))
      }),
    )
}

function statsText(stats: StoreStats): string {
  const kinds = ['content', 'links', 'uploads', 'own', 'other', 'total', 'unreferenced'] as const
  const usage = kinds.map((kind) => [kind, String(stats[kind].count), formatSize(stats[kind].bytes)])
  const repositories = stats.repositories.map((one) =>
    [one.name, one.tags, one.manifests, one.blobs, formatSize(one.bytes), formatSize(one.exclusiveBytes)].map(String),
  )
  const heading = ['REPOSITORY', 'TAGS', 'MANIFESTS', 'BLOBS', 'SIZE', 'OWN']
  const table = repositories.length === 0 ? '' : `\n${columns([heading, ...repositories])}`
  return `${columns([['USE', 'FILES', 'SIZE'], ...usage])}${table}`
}
