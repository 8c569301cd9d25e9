namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>
/// Brightness, contrast and saturation in place, as Pillow's ImageEnhance and so torchvision's adjust_* of PIL images, byte
/// for byte: a blend of the image with black, with its mean grey, with its own grey; beyond them where the factor is above 1.
/// </summary>
internal static class ColourBlend
{
    /// <summary>Factor 0 is black, 1 the image.</summary>
    public static void Brightness(Span<byte> pixels, float factor) => AllWith(pixels, 0, factor);

    /// <summary>Factor 0 is the mean grey, 1 the image.</summary>
    public static void Contrast(Span<byte> pixels, float factor)
    {
        long sum = 0;
        for (int i = 0; i < pixels.Length; i += 3)
        {
            sum += Grey(pixels[i], pixels[i + 1], pixels[i + 2]);
        }

        AllWith(pixels, (int)(((double)sum / (pixels.Length / 3)) + 0.5), factor);
    }

    /// <summary>Factor 0 is grey, 1 the image.</summary>
    public static void Saturation(Span<byte> pixels, float factor)
    {
        if (factor == 1)
        {
            return;
        }

        for (int i = 0; i < pixels.Length; i += 3)
        {
            int grey = Grey(pixels[i], pixels[i + 1], pixels[i + 2]);
            pixels[i] = Blend(grey, pixels[i], factor);
            pixels[i + 1] = Blend(grey, pixels[i + 1], factor);
            pixels[i + 2] = Blend(grey, pixels[i + 2], factor);
        }
    }

    // Pillow's L24 (Convert.c): ITU-R 601-2 in 16-bit fixed point.
    private static int Grey(int red, int green, int blue) => ((red * 19595) + (green * 38470) + (blue * 7471) + 0x8000) >> 16;

    private static void AllWith(Span<byte> pixels, int other, float factor)
    {
        Span<byte> table = stackalloc byte[256];
        for (int i = 0; i < 256; i++)
        {
            table[i] = Blend(other, i, factor);
        }

        foreach (ref byte value in pixels)
        {
            value = table[value];
        }
    }

    // Blend.c: single precision, cut off; clamped only beyond the two images.
    private static byte Blend(int from, int to, float factor)
    {
        float value = from + (factor * (to - from));
        return value <= 0 ? (byte)0 : value >= 255 ? (byte)255 : (byte)value;
    }
}
