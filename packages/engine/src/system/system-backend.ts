// SPDX-License-Identifier: Apache-2.0
import os from 'node:os'
import type { ContainerdServices } from '@teu/containerd-api'
import { currentApiVersion, type DiskUsageResult, minimumApiVersion, type VersionResult } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { ContainerContext } from '../containers/context.ts'
import { listContainers } from '../containers/list.ts'
import { eventLines } from '../events/event-lines.ts'
import type { RegistryAccess, RegistryLogin } from '../registry/image-registry-client.ts'
import type { SystemBackend } from '../routers/system/backend.ts'
import { engineVersion } from '../version.ts'
import { engineInfo } from './info.ts'

const usageTypes = ['container', 'image', 'volume', 'build-cache']

/** What the routes of the engine itself do. */
export function systemBackend(
  context: ContainerContext,
  containerd: ContainerdServices,
  login: RegistryLogin,
  registryAccess: RegistryAccess,
): SystemBackend {
  return {
    version: () => versionOf(containerd),
    info: () => engineInfo(context, containerd, registryAccess),
    events: (request) => eventLines(context.events, request),
    diskUsage: (types) => diskUsage(context, types),
    auth: async (auth, signal) => {
      await login(registryOf(auth.serveraddress ?? ''), auth, signal)
      return { Status: 'Login Succeeded', IdentityToken: '' }
    },
  }
}

/** The registry's name in an address as clients keep it: with a scheme, and for Docker Hub with a path. */
function registryOf(address: string): string {
  const host = address.replace(/^https?:\/\//, '').split('/', 1)[0] as string
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host
}

/** The names that Go gives to architectures. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

async function versionOf(containerd: ContainerdServices): Promise<VersionResult> {
  const { version, revision } = await containerd.version.version({}, { timeoutMs: 10_000 })
  const kernel = os.release()
  const arch = architectures[process.arch] ?? process.arch
  const details = {
    ApiVersion: currentApiVersion,
    Arch: arch,
    BuildTime: '',
    Experimental: 'false',
    GitCommit: '',
    GoVersion: `node ${process.versions.node}`,
    KernelVersion: kernel,
    MinAPIVersion: minimumApiVersion,
    Os: 'linux',
  }
  return {
    Platform: { Name: 'teu' },
    Components: [
      { Name: 'Engine', Version: engineVersion, Details: details },
      { Name: 'containerd', Version: version, Details: { GitCommit: revision } },
    ],
    Version: engineVersion,
    ApiVersion: currentApiVersion,
    MinAPIVersion: minimumApiVersion,
    GitCommit: '',
    GoVersion: details.GoVersion,
    Os: 'linux',
    Arch: arch,
    KernelVersion: kernel,
    BuildTime: '',
  }
}

async function diskUsage(context: ContainerContext, types: readonly string[]): Promise<Partial<DiskUsageResult>> {
  const unknown = types.find((type) => !usageTypes.includes(type))
  if (unknown !== undefined) throw new StackError('invalid-argument', `unknown object type: ${unknown}`)
  const wanted = (type: string) => types.length === 0 || types.includes(type)
  const { images, layersSize } = wanted('image') ? await context.images.usage() : { images: [], layersSize: 0 }
  const containers = wanted('container') ? await listContainers(context, { all: true, size: true, filters: {} }) : []
  const volumes = wanted('volume') ? await context.volumes.usage() : []
  return {
    LayersSize: layersSize,
    Images: images,
    Containers: containers,
    Volumes: volumes,
    BuildCache: [],
  }
}
