// SPDX-License-Identifier: Apache-2.0
import {
  dictionary,
  flag,
  integer,
  kernelText,
  list,
  nonEmptyText,
  object,
  type Shape,
  text,
  violation,
} from '../shape/shape.ts'
import type { Hook, Hooks } from './hooks.ts'
import type { Process } from './process.ts'
import type { LinuxResources } from './resources.ts'
import type { Mount, Root, Spec } from './spec.ts'
import { idMapping, linux } from './validate-linux.ts'
import { process } from './validate-process.ts'
import { resources } from './validate-resources.ts'

const version: Shape<string> = (value, path) => {
  const result = text(value, path)
  if (!/^1\.\d{1,5}\.\d{1,5}([-+][A-Za-z0-9.+-]{0,64})?$/.test(result)) {
    throw violation(path, `unsupported version ${JSON.stringify(result.slice(0, 64))}`)
  }
  return result
}

const root = object<Root>(['path'], { path: nonEmptyText, readonly: flag })

const mount = object<Mount>(['destination'], {
  destination: nonEmptyText,
  type: kernelText,
  source: kernelText,
  options: list(kernelText),
  uidMappings: list(idMapping),
  gidMappings: list(idMapping),
})

const absolute: Shape<string> = (value, path) => {
  const result = nonEmptyText(value, path)
  if (!result.startsWith('/')) throw violation(path, 'must be an absolute path')
  return result
}

const hook = object<Hook>(['path'], {
  path: absolute,
  args: list(kernelText),
  env: list(kernelText),
  timeout: integer(1, 0x7fffffff),
})

const hooks = object<Hooks>([], {
  prestart: list(hook),
  createRuntime: list(hook),
  createContainer: list(hook),
  startContainer: list(hook),
  poststart: list(hook),
  poststop: list(hook),
})

const spec = object<Spec>(['ociVersion'], {
  ociVersion: version,
  process,
  root,
  hostname: kernelText,
  domainname: kernelText,
  mounts: list(mount),
  hooks,
  annotations: dictionary(text),
  linux,
})

/**
 * Checks a parsed `config.json` and returns it as a {@link Spec}: every property the specification names has its type,
 * its range and one of its values, required ones are there. Properties it does not name are kept. A `null` is dropped,
 * as if absent. What depends on the machine (paths, kernel, cgroups) or on two properties together is the runtime's to check.
 *
 * Throws `invalid-argument`; the message starts with the JSON path, as in `linux.namespaces[2].type: unknown value "usr"`.
 *
 * @public
 */
export function validateSpec(value: unknown): Spec {
  return spec(value, '')
}

/** The same for a `process.json`, as `exec --process` takes it. @public */
export function validateProcess(value: unknown): Process {
  return process(value, '')
}

/** The same for the resources that `update --resources` takes. @public */
export function validateResources(value: unknown): LinuxResources {
  return resources(value, '')
}
