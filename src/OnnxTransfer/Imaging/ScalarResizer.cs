namespace OnnxTransfer.Imaging;

/// <summary>The plain reference beside <see cref="PillowResizer"/>: Resample.c loop by loop, for tests and benchmarks.</summary>
internal static class ScalarResizer
{
    /// <summary>Resizes H x W x 3 <paramref name="pixels"/> to height x width x 3.</summary>
    public static byte[] Resize(ReadOnlySpan<byte> pixels, int fromWidth, int fromHeight, int width, int height, Interpolation interpolation)
    {
        byte[] narrowed = pixels.ToArray();
        if (width != fromWidth)
        {
            var weights = new ResizeWeights();
            weights.Fill(fromWidth, width, interpolation, 0, width);
            narrowed = new byte[fromHeight * width * 3];
            for (int y = 0; y < fromHeight; y++)
            {
                for (int i = 0; i < width * 3; i++)
                {
                    narrowed[(y * width * 3) + i] = Sum(pixels, (y * fromWidth * 3) + (i % 3), 3, weights, i / 3);
                }
            }
        }

        if (height == fromHeight)
        {
            return narrowed;
        }

        var rows = new ResizeWeights();
        rows.Fill(fromHeight, height, interpolation, 0, height);
        var result = new byte[height * width * 3];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Sum(narrowed, i % (width * 3), width * 3, rows, i / (width * 3));
        }

        return result;
    }

    // One output sample: weights times every step-th byte from its first tap on.
    private static byte Sum(ReadOnlySpan<byte> pixels, int offset, int step, ResizeWeights weights, int index)
    {
        int sum = 1 << (ResizeWeights.PrecisionBits - 1);
        for (int tap = 0; tap < weights.Taps[index]; tap++)
        {
            sum += pixels[offset + ((weights.Starts[index] + tap) * step)] * weights.Values[(index * weights.Stride) + tap];
        }

        return (byte)Math.Clamp(sum >> ResizeWeights.PrecisionBits, 0, 255);
    }
}
