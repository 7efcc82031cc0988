// SPDX-License-Identifier: Apache-2.0
import { parseReference } from '@teu/oci-spec/distribution'
import { Command } from 'commander'
import { type ClientFlags, count, openClientFor, withClientFlags } from './client-options.ts'
import { printJson, run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

interface ListFlags extends ClientFlags {
  json?: boolean
  limit?: number
}

function withListFlags(command: Command): Command {
  command.option('--limit <n>', 'print no more than this many', count(1)).option('--json', 'print a JSON list')
  return withClientFlags(command)
}

/** `teu-registry tags`. @internal */
export function tagsCommand(around: Surroundings): Command {
  return withListFlags(new Command('tags').description('List the tags of a repository.').argument('<repository>'))
    .addHelpText('after', `\nExamples:\n  teu-registry tags alpine\n  teu-registry tags localhost:5000/team/app --json`)
    .action((text: string, flags: ListFlags) =>
      run(around, async ({ signal }) => {
        const { registry, repository } = parseReference(text.replace(/^docker:\/\//, ''))
        await using client = await openClientFor(around, flags, registry)
        await print(around, client.listTags({ registry, repository }, { signal }), flags)
      }),
    )
}

/** `teu-registry catalog`. @internal */
export function catalogCommand(around: Surroundings): Command {
  return withListFlags(
    new Command('catalog').description('List the repositories of a registry.').argument('<registry>'),
  )
    .addHelpText('after', `\nExamples:\n  teu-registry catalog localhost:5000`)
    .action((registry: string, flags: ListFlags) =>
      run(around, async ({ signal }) => {
        await using client = await openClientFor(around, flags, registry)
        await print(around, client.listRepositories(registry, { signal }), flags)
      }),
    )
}

/** Names one by one as pages come in, so that a long list begins at once. */
async function print(around: Surroundings, names: AsyncIterable<string>, { json, limit }: ListFlags): Promise<void> {
  const gathered: string[] = []
  let printed = 0
  for await (const name of names) {
    if (json) gathered.push(name)
    else around.stdout.write(`${name}\n`)
    if (++printed === limit) break
  }
  if (json) printJson(around, gathered)
}
