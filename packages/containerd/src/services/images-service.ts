// SPDX-License-Identifier: Apache-2.0
import { type ContainerdServices, type Image, parseFilters } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { EventPublisher } from '../events/exchange.ts'
import type { GcTrigger } from '../gc/scheduler.ts'
import type { ImageStore } from '../metadata/images.ts'
import { admitted } from './admitted.ts'
import { contextOf } from './context.ts'

/** What the images service stands on. */
export interface ImagesServiceComponents {
  images: ImageStore
  events: EventPublisher
  gc: GcTrigger
}

/** The Images service over its store. */
export function imagesService({ images, events, gc }: ImagesServiceComponents): ContainerdServices['images'] {
  return {
    async get({ name }, options) {
      return { image: images.get(contextOf(options).namespace, name) }
    },
    async list({ filters }, options) {
      const { namespace, signal } = contextOf(options)
      const filter = parseFilters(filters)
      return { images: await admitted(images.list(namespace, filter), filter, fieldsOf, signal) }
    },
    async create({ image }, options) {
      const { namespace } = contextOf(options)
      const created = await images.create(namespace, required(image))
      events.publish(namespace, '/images/create', 'ImageCreate', { name: created.name, labels: created.labels })
      return { image: created }
    },
    async update({ image, updateMask }, options) {
      const { namespace } = contextOf(options)
      const updated = await images.update(namespace, required(image), updateMask ?? [])
      gc.dirty()
      events.publish(namespace, '/images/update', 'ImageUpdate', { name: updated.name, labels: updated.labels })
      return { image: updated }
    },
    async delete({ name, sync, target }, options) {
      const { namespace } = contextOf(options)
      await images.delete(namespace, name, target)
      events.publish(namespace, '/images/delete', 'ImageDelete', { name })
      if (sync) await gc.collect()
      else gc.deleted()
      return {}
    },
  }
}

function required(image: Image | undefined): Image {
  if (image === undefined) throw new StackError('invalid-argument', 'image is required: invalid argument')
  return image
}

function fieldsOf({ name, target, labels }: Image) {
  return {
    name,
    target: { digest: target?.digest ?? '', mediatype: target?.mediaType ?? '' },
    labels,
    annotations: target?.annotations ?? {},
  }
}
