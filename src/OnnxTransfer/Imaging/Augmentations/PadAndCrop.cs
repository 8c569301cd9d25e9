using System.Buffers;

namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>
/// Pads every side and cuts the old size out again, as CIFAR is trained on (He et al. 2016; torchvision's
/// RandomCrop(size, padding)): a shift that loses a border.
/// </summary>
internal static class PadAndCrop
{
    /// <summary>Pads by <paramref name="pad"/> and cuts from (<paramref name="left"/>, <paramref name="top"/>) of the padded image on, in place.</summary>
    /// <param name="pixels">H x W x 3.</param>
    /// <param name="width">W.</param>
    /// <param name="pad">Pixels on every side.</param>
    /// <param name="left">0 to twice <paramref name="pad"/>.</param>
    /// <param name="top">0 to twice <paramref name="pad"/>.</param>
    /// <param name="reflects">Mirrored at the outermost pixels, without repeating them (numpy's reflect), instead of filled.</param>
    /// <param name="fill">The colour of what is filled.</param>
    public static void Apply(Span<byte> pixels, int width, int pad, int left, int top, bool reflects, FillColour fill)
    {
        int stride = 3 * width, height = pixels.Length / stride;
        byte[] rented = ArrayPool<byte>.Shared.Rent(pixels.Length);
        var before = rented.AsSpan(0, pixels.Length);
        pixels.CopyTo(before);
        for (int y = 0; y < height; y++)
        {
            var row = pixels.Slice(y * stride, stride);
            int fromY = y + top - pad;
            if (reflects)
            {
                var from = before.Slice(Reflected(fromY, height) * stride, stride);
                for (int x = 0; x < width; x++)
                {
                    from.Slice(3 * Reflected(x + left - pad, width), 3).CopyTo(row[(3 * x)..]);
                }

                continue;
            }

            fill.Put(row);
            int fromX = Math.Max(0, left - pad), toX = Math.Max(0, pad - left), count = width - Math.Abs(left - pad);
            if (fromY >= 0 && fromY < height && count > 0)
            {
                before.Slice((fromY * stride) + (3 * fromX), 3 * count).CopyTo(row[(3 * toX)..]);
            }
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    private static int Reflected(int at, int size)
    {
        int period = Math.Max(1, 2 * (size - 1));
        int within = ((at % period) + period) % period;
        return Math.Min(within, period - within);
    }
}
