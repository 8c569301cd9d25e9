using System.Buffers;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Resizes RGB images byte for byte as Pillow 9.4's <c>Image.resize</c> (libImaging/Resample.c): first rows, then
/// columns, each with an antialiased filter in 22-bit fixed point, rounded to bytes in between.
/// </summary>
public static class PillowResizer
{
    /// <summary>Resizes a whole image.</summary>
    /// <param name="image">H x W x 3.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="interpolation">The filter.</param>
    /// <param name="destination">Takes <paramref name="height"/> x <paramref name="width"/> x 3 bytes.</param>
    /// <exception cref="ArgumentException">A size below 1, or a destination too short.</exception>
    public static void Resize(RgbImage image, int width, int height, Interpolation interpolation, Span<byte> destination) =>
        Resize(image, width, height, interpolation, new PixelWindow(0, 0, width, height), destination);

    /// <summary>Computes only <paramref name="window"/> of the resized image: the same bytes as resizing, then cropping.</summary>
    /// <param name="image">H x W x 3.</param>
    /// <param name="width">Columns of the whole result, at least 1.</param>
    /// <param name="height">Rows of the whole result, at least 1.</param>
    /// <param name="interpolation">The filter.</param>
    /// <param name="window">The part wanted, within the whole.</param>
    /// <param name="destination">Takes window height x window width x 3 bytes.</param>
    /// <exception cref="ArgumentException">A size below 1, a window beyond the whole, or a destination too short.</exception>
    public static void Resize(RgbImage image, int width, int height, Interpolation interpolation, PixelWindow window, Span<byte> destination) =>
        Resize(image, width, height, interpolation, window, destination, 3 * window.Width);

    /// <summary>The same into rows that lie <paramref name="stride"/> bytes apart; <paramref name="portable"/> leaves AVX2 aside.</summary>
    internal static unsafe void Resize(
        RgbImage image, int width, int height, Interpolation interpolation, PixelWindow window, Span<byte> destination, int stride, bool portable = false)
    {
        Check(width, height, window, destination.Length, stride);
        bool wide = Avx2Resampling.IsSupported && !portable;
        var columns = width == image.Width ? null : ResizeWeightsCache.Columns.Get(image.Width, width, interpolation, window.X, window.Width);
        var rows = height == image.Height ? null : ResizeWeightsCache.Rows.Get(image.Height, height, interpolation, window.Y, window.Height);

        // Only the rows that the vertical pass will look at.
        int firstRow = rows?.First ?? window.Y;
        int rowCount = (rows?.End ?? window.Y + window.Height) - firstRow;
        int bytes = 3 * window.Width;
        byte[]? rented = null;
        fixed (byte* pixels = image.Padded, target = destination)
        {
            nint between = 3 * (nint)image.Width;
            byte* source = pixels + (firstRow * between);
            if (columns is null)
            {
                Finish(source + (3 * window.X), between, bytes, rowCount, rows, target, stride, wide);
                return;
            }

            // One byte more than a row: the passes write pixels four bytes at a time.
            nint step = (bytes + 1 + 31) & ~31;
            rented = ArrayPool<byte>.Shared.Rent(checked((int)(step * rowCount)));
            try
            {
                fixed (byte* narrowed = rented)
                {
                    if (wide)
                    {
                        Avx2Resampling.Horizontal(source, between, rowCount, columns, narrowed, step);
                    }
                    else
                    {
                        PortableResampling.Horizontal(source, between, rowCount, columns, narrowed, step);
                    }

                    Finish(narrowed, step, bytes, rowCount, rows, target, stride, wide);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    // The vertical pass, or a copy where the height stays.
    private static unsafe void Finish(byte* source, nint between, int bytes, int rowCount, ResizeWeights? rows, byte* target, int stride, bool wide)
    {
        if (rows is null)
        {
            for (int y = 0; y < rowCount; y++)
            {
                Buffer.MemoryCopy(source + (y * between), target + (y * (nint)stride), bytes, bytes);
            }
        }
        else if (wide && bytes >= Avx2Resampling.LeastBytes)
        {
            Avx2Resampling.Vertical(source, between, bytes, rows, target, stride);
        }
        else
        {
            PortableResampling.Vertical(source, between, bytes, rows, target, stride);
        }
    }

    private static void Check(int width, int height, PixelWindow window, int length, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        bool within = window.X >= 0 && window.Y >= 0 && window.Width >= 1 && window.Height >= 1
            && window.X <= width - window.Width && window.Y <= height - window.Height;
        if (!within)
        {
            throw new ArgumentException($"{window} does not lie within {width} x {height} pixels", nameof(window));
        }

        long needed = ((window.Height - 1) * (long)stride) + (3L * window.Width);
        if (length < needed)
        {
            throw new ArgumentException($"the destination holds {length} bytes, but {needed} are written", nameof(length));
        }
    }
}
