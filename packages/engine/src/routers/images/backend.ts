// SPDX-License-Identifier: Apache-2.0
import type { ImageService } from '../../images/image-service.ts'

/** What the routes of images need of the image service. */
export type ImageBackend = Pick<
  ImageService,
  'pull' | 'push' | 'load' | 'save' | 'list' | 'inspect' | 'history' | 'tag' | 'remove' | 'prune'
>
