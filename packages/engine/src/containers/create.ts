// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ContainerConfig, ContainerCreateBody, ContainerCreateResult, HostConfig } from '@teu/engine-api'
import { isNotFound, StackError } from '@teu/errors'
import { formatPlatform, isSamePlatform, type Platform, parsePlatform, runnablePlatforms } from '@teu/oci-spec/image'
import { formatTime, never, nowNanoseconds } from '../clock.ts'
import type { ResolvedImage } from '../images/image-service.ts'
import { OutputHub } from '../io/output-hub.ts'
import { logDriver } from '../logs/log-drivers.ts'
import { mergeImageConfig } from '../spec/merge-config.ts'
import { validateHostConfig } from '../spec/validate-host-config.ts'
import { chooseRuntime } from '../tasks/runtime-choice.ts'
import { Container, type ContainerRecord } from './container.ts'
import { checkName, inventName } from './container-name.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'
import { checkCreate } from './create-checks.ts'
import { completeHostConfig } from './host-config-defaults.ts'
import { resolveJoins } from './joined-containers.ts'
import { containerDirectory } from './paths.ts'
import { prepareMounts } from './prepare-mounts.ts'
import { refuseUnsupported } from './refuse-unsupported.ts'

/** What a create asks for beside its body. */
export interface CreateOptions {
  name: string | undefined
  platform: string | undefined
  signal: AbortSignal
}

/**
 * Makes a container. `not-found` when its image is missing, `conflict` when its name is taken, `invalid-argument`
 * for a config that cannot be. On failure nothing is left behind.
 */
export async function createContainer(
  context: ContainerContext,
  body: ContainerCreateBody | undefined,
  options: CreateOptions,
): Promise<ContainerCreateResult> {
  if (!body) throw new StackError('invalid-argument', 'config cannot be empty in order to create a container')
  const { HostConfig: requestedHost = {}, NetworkingConfig: networking = {}, ...own } = body
  const name = options.name ? checkName(options.name) : undefined
  const platform = options.platform ? parsePlatform(options.platform) : undefined
  const complete = completeHostConfig(requestedHost, context.settings, context.host)
  checkCreate(own, complete)
  const warnings = [
    ...validateHostConfig(requestedHost, context.host),
    ...validateNetwork(context, complete),
    ...(own.Healthcheck?.Test?.length && own.Healthcheck.Test[0] !== 'NONE' ? [noHealthChecks] : []),
  ]
  const hostConfig = resolveJoins(context, complete)
  chooseRuntime(hostConfig.Runtime ?? '', context.settings.defaultRuntime, context.settings.runtimes)
  const image = await context.images.resolve(own.Image ?? '', { signal: options.signal })
  if (platform) checkPlatform(image, platform)
  refuseUnsupported(own, hostConfig, networking)
  const id = newId()
  const config = completeConfig(mergeImageConfig(own, image.config), hostConfig, id)
  const chosenName = name ?? inventName((taken) => context.containers.isNameTaken(taken))
  context.containers.reserveName(chosenName, id)
  try {
    await build(context, recordOf(id, chosenName, config, hostConfig, networking, image), image, options.signal)
  } catch (error) {
    context.containers.releaseName(chosenName)
    throw error
  }
  return { Id: id, Warnings: warnings }
}

async function build(
  context: ContainerContext,
  record: ContainerRecord,
  image: ResolvedImage,
  signal: AbortSignal,
): Promise<void> {
  const directory = containerDirectory(context.settings, record.id)
  try {
    const rootfs = await context.images.prepareRootfs(record.id, image, { signal })
    record.snapshotter = rootfs.snapshotter
    mkdirSync(directory, { recursive: true, mode: 0o710 })
    await prepareMounts(context, record)
    const container = containerOf(context, record)
    container.rootfsMounts = rootfs.mounts
    saveContainer(context, container, 'durable')
    context.containers.add(container)
    context.volumes.settle(record.id)
    publishContainerEvent(context, container, 'create')
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    await context.volumes.release(record.id, record.anonymousVolumes)
    await context.images.removeRootfs(record.id).catch(() => {})
    throw error
  }
}

const noHealthChecks = 'Your engine does not run health checks. The health check is kept and ignored.'

/** A network that does not exist yet may exist at the start; a 404 here would make clients pull the image. */
function validateNetwork({ network }: ContainerContext, hostConfig: HostConfig): string[] {
  try {
    return network.validate(hostConfig)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

/** `not-found` when the image is for another platform than asked for: clients then pull the right one. */
function checkPlatform({ name, platform }: ResolvedImage, wanted: Platform): void {
  const { os, architecture, variant } = platform
  const own: Platform = { os, architecture, ...(variant ? { variant } : {}) }
  if (runnablePlatforms(wanted).some((fitting) => isSamePlatform(fitting, own))) return
  const [has, asked] = [formatPlatform(own), formatPlatform(wanted)]
  const message = `image with reference ${name} was found but its platform (${has}) does not match the specified platform (${asked})`
  throw new StackError('not-found', message)
}

/** A container object for a record, its log open. */
export function containerOf(context: ContainerContext, record: ContainerRecord): Container {
  const { Type = 'json-file', Config = {} } = record.hostConfig.LogConfig ?? {}
  const log = logDriver(Type).open({
    containerId: record.id,
    directory: containerDirectory(context.settings, record.id),
    options: Config,
    labels: record.config.Labels ?? {},
    env: record.config.Env ?? [],
  })
  return new Container(record, log, new OutputHub(log))
}

/** 64 hex digits, of which the first twelve are not all decimal: a short id must not look like a number. */
function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex')
    if (!/^\d{12}/.test(id)) return id
  }
}

function recordOf(
  id: string,
  name: string,
  config: ContainerConfig,
  hostConfig: HostConfig,
  networkingConfig: ContainerRecord['networkingConfig'],
  image: ResolvedImage,
): ContainerRecord {
  return {
    id,
    name,
    createdAt: formatTime(nowNanoseconds()),
    config,
    hostConfig,
    networkingConfig,
    image: { id: image.id, name: image.name, chainId: image.chainId, platform: image.platform },
    snapshotter: '',
    mounts: [],
    volumes: [],
    anonymousVolumes: [],
    state: {
      status: 'created',
      pid: 0,
      exitCode: 0,
      error: '',
      oomKilled: false,
      startedAt: never,
      finishedAt: never,
      restartCount: 0,
      stoppedByUser: false,
    },
  }
}

/** The host's name on the host's network or in its UTS namespace; in another container's network, until it starts. */
function hostnameOf({ UTSMode, NetworkMode }: HostConfig, id: string): string {
  return UTSMode === 'host' || NetworkMode === 'host' ? hostname() : id.slice(0, 12)
}

/** A merged config with every field that inspect shows. */
function completeConfig(config: ContainerConfig, hostConfig: HostConfig, id: string): ContainerConfig {
  return {
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: [],
    Cmd: null,
    Image: '',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: {},
    ...config,
    Hostname: config.Hostname || hostnameOf(hostConfig, id),
  }
}
