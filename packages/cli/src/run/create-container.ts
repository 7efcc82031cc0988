// SPDX-License-Identifier: Apache-2.0

import { type ContainerCreateResult, compareApiVersions, type EngineClient } from '@teu/engine-api'
import { isNotFound } from '@teu/errors'
import { familiarReference, type Reference, withDefaultTag } from '@teu/oci-spec/distribution'
import type { CommandContext } from '../context/command-context.ts'
import { terminalSize } from '../context/streams.ts'
import { readName } from '../images/image-name.ts'
import { pullImage } from '../images/pull-image.ts'
import { openCidFile } from './cid-file.ts'
import type { CreateConfig } from './container-config.ts'
import type { CreateFlagValues } from './create-flags.ts'
import { withProxies } from './proxies.ts'

/** Throws with docker's text unless `pull` is one of the three policies. */
export function checkPullPolicy(pull: string): void {
  if (['always', 'missing', 'never', ''].includes(pull)) return
  throw new Error(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`)
}

/**
 * Creates the container that flags describe, pulling its image first when the policy says so or when the engine does
 * not have it. Prints the engine's warnings and writes the cid file. Returns the id.
 */
export async function createContainer(
  context: CommandContext,
  created: CreateConfig,
  flags: CreateFlagValues,
): Promise<string> {
  const cidFile = openCidFile(flags.cidfile)
  try {
    const named = nameOf(created.config.Image ?? '')
    const engine = await context.engine()
    if (flags.pull === 'always') await pull(context, engine, created, flags)
    const complete = await withMacAddress(engine, withConsole(context, created), flags['mac-address'])
    const result = await createOrPull(context, engine, complete, flags, named)
    const warnings = [...dnsWarning(flags.dns), ...(result.Warnings ?? [])]
    for (const warning of warnings) context.printError(`WARNING: ${warning}`)
    cidFile.write(result.Id)
    return result.Id
  } finally {
    cidFile.close()
  }
}

/** The reference with its tag; undefined for an image id, which cannot be pulled. */
function nameOf(image: string): Reference | undefined {
  return /^(sha256:)?[0-9a-f]{64}$/.test(image) ? undefined : withDefaultTag(readName(image))
}

function withConsole(context: CommandContext, created: CreateConfig): CreateConfig {
  const { height, width } = terminalSize(context.streams.stdout)
  const hostConfig = { ...created.hostConfig, ConsoleSize: [height, width] }
  return { ...created, hostConfig, config: withProxies(created.config, context) }
}

/** Engines before API 1.44 read the address from the container, later ones from its first network. */
async function withMacAddress(engine: EngineClient, created: CreateConfig, mac: string): Promise<CreateConfig> {
  if (mac === '' || compareApiVersions((await engine.ping()).apiVersion, '1.44') >= 0) return created
  return { ...created, config: { ...created.config, MacAddress: mac } }
}

async function createOrPull(
  context: CommandContext,
  engine: EngineClient,
  created: CreateConfig,
  flags: CreateFlagValues,
  named: Reference | undefined,
): Promise<ContainerCreateResult> {
  const platform = platformOf(context, flags)
  const create = () =>
    engine.containerCreate({
      ...created,
      ...(flags.name === '' ? {} : { name: flags.name }),
      ...(platform === '' ? {} : { platform }),
    })
  try {
    return await create()
  } catch (error) {
    if (!isNotFound(error) || named === undefined || (flags.pull !== 'missing' && flags.pull !== '')) throw error
  }
  if (!flags.quiet) context.printError(`Unable to find image '${familiarReference(named)}' locally`)
  await pull(context, engine, created, flags)
  return create()
}

function platformOf({ env }: CommandContext, { platform }: CreateFlagValues): string {
  return platform || env.DOCKER_DEFAULT_PLATFORM || ''
}

function pull(
  context: CommandContext,
  engine: EngineClient,
  { config }: CreateConfig,
  flags: CreateFlagValues,
): Promise<void> {
  const { streams } = context
  const options = { platform: platformOf(context, flags), quiet: flags.quiet, output: streams.stderr }
  return pullImage(context, engine, { image: config.Image ?? '', ...options })
}

/** A name server on the loopback of the host cannot be reached from a container. */
function dnsWarning(servers: readonly string[]): string[] {
  const local = servers.find((server) => /^127\.|^::1$/.test(server))
  return local === undefined ? [] : [`Localhost DNS setting (--dns=${local}) may fail in containers.`]
}
