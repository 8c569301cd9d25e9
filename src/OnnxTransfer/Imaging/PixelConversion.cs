namespace OnnxTransfer.Imaging;

/// <summary>Rearranges decoded samples into interleaved RGB24, with Pillow's arithmetic where there is any.</summary>
internal static class PixelConversion
{
    /// <summary>Grey at every <paramref name="step"/>-th byte (2: grey and alpha), repeated into three channels.</summary>
    public static void FromGrey(ReadOnlySpan<byte> samples, int step, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += step, to += 3)
        {
            byte grey = samples[from];
            rgb[to] = grey;
            rgb[to + 1] = grey;
            rgb[to + 2] = grey;
        }
    }

    /// <summary>
    /// RGB in the first three of <paramref name="step"/> channels. The rest (alpha) is dropped as Pillow drops it: no
    /// blending.
    /// </summary>
    public static void FromRgb(ReadOnlySpan<byte> samples, int step, Span<byte> rgb)
    {
        if (step == 3)
        {
            samples[..rgb.Length].CopyTo(rgb);
            return;
        }

        for (int from = 0, to = 0; to < rgb.Length; from += step, to += 3)
        {
            rgb[to] = samples[from];
            rgb[to + 1] = samples[from + 1];
            rgb[to + 2] = samples[from + 2];
        }
    }

    /// <summary>Three planes of H x W.</summary>
    public static void FromPlanes(ReadOnlySpan<byte> planes, Span<byte> rgb)
    {
        int pixels = rgb.Length / 3;
        var red = planes[..pixels];
        var green = planes.Slice(pixels, pixels);
        var blue = planes.Slice(2 * pixels, pixels);
        for (int i = 0, to = 0; i < pixels; i++, to += 3)
        {
            rgb[to] = red[i];
            rgb[to + 1] = green[i];
            rgb[to + 2] = blue[i];
        }
    }

    /// <summary>
    /// Cyan, magenta, yellow, black to RGB by Pillow's cmyk2rgb (Convert.c): (255 - k) minus c scaled by it.
    /// </summary>
    /// <param name="samples">H x W x <paramref name="step"/> bytes.</param>
    /// <param name="step">Channels: 4, or more where alpha follows.</param>
    /// <param name="inverted">True where 255 means no ink: Adobe's way in JPEG files.</param>
    /// <param name="rgb">H x W x 3 bytes.</param>
    public static void FromCmyk(ReadOnlySpan<byte> samples, int step, bool inverted, Span<byte> rgb)
    {
        int flip = inverted ? 255 : 0;
        for (int from = 0, to = 0; to < rgb.Length; from += step, to += 3)
        {
            int paper = 255 - (samples[from + 3] ^ flip);
            rgb[to] = Inked(samples[from] ^ flip, paper);
            rgb[to + 1] = Inked(samples[from + 1] ^ flip, paper);
            rgb[to + 2] = Inked(samples[from + 2] ^ flip, paper);
        }
    }

    // paper - ink * paper / 255, rounded as Pillow's MULDIV255.
    private static byte Inked(int ink, int paper)
    {
        int product = (ink * paper) + 128;
        return (byte)Math.Max(0, paper - (((product >> 8) + product) >> 8));
    }
}
