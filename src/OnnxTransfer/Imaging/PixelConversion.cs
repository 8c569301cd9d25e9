using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Imaging;

/// <summary>Rearranges decoded samples into interleaved RGB24, with Pillow's arithmetic where there is any.</summary>
internal static class PixelConversion
{
    /// <summary>Grey at every <paramref name="step"/>-th byte (2: grey and alpha), repeated into three channels.</summary>
    public static void FromGrey(ReadOnlySpan<byte> samples, int step, Span<byte> rgb)
    {
        int from = 0, to = 0;
        if (step == 1)
        {
            var first = Vector128.Create((byte)0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5);
            var second = Vector128.Create((byte)5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10);
            var third = Vector128.Create((byte)10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15);
            for (; to <= rgb.Length - 48; from += 16, to += 48)
            {
                var grey = Vector128.Create(samples[from..]);
                Vector128.Shuffle(grey, first).CopyTo(rgb[to..]);
                Vector128.Shuffle(grey, second).CopyTo(rgb[(to + 16)..]);
                Vector128.Shuffle(grey, third).CopyTo(rgb[(to + 32)..]);
            }
        }

        for (; to < rgb.Length; from += step, to += 3)
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

        var (from, to) = step == 4 ? Shuffled(samples, Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15), 16, rgb, 12) : (0, 0);
        for (; to < rgb.Length; from += step, to += 3)
        {
            rgb[to] = samples[from];
            rgb[to + 1] = samples[from + 1];
            rgb[to + 2] = samples[from + 2];
        }
    }

    /// <summary>Blue, green, red in the first three of <paramref name="step"/> channels, 3 or 4; the rest is dropped.</summary>
    public static void FromBgr(ReadOnlySpan<byte> samples, int step, Span<byte> rgb)
    {
        var (from, to) = step == 3
            ? Shuffled(samples, Vector128.Create((byte)2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 15), 15, rgb, 15)
            : Shuffled(samples, Vector128.Create((byte)2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 15, 15, 15, 15), 16, rgb, 12);
        for (; to < rgb.Length; from += step, to += 3)
        {
            rgb[to] = samples[from + 2];
            rgb[to + 1] = samples[from + 1];
            rgb[to + 2] = samples[from];
        }
    }

    /// <summary>One index a byte into <paramref name="palette"/>, 256 x red, green, blue.</summary>
    public static void FromPalette(ReadOnlySpan<byte> indices, ReadOnlySpan<byte> palette, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from++, to += 3)
        {
            var colour = palette.Slice(3 * indices[from], 3);
            rgb[to] = colour[0];
            rgb[to + 1] = colour[1];
            rgb[to + 2] = colour[2];
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

    // As many whole vectors as both sides hold: 16 bytes are rearranged and written, read bytes of them on one side and
    // written bytes on the other count; the next overwrites the rest. Returns how far it came.
    private static (int From, int To) Shuffled(ReadOnlySpan<byte> samples, Vector128<byte> order, int read, Span<byte> rgb, int written)
    {
        int count = Math.Max(0, Math.Min((samples.Length - 16) / read, (rgb.Length - 16) / written));
        ref byte source = ref MemoryMarshal.GetReference(samples);
        ref byte target = ref MemoryMarshal.GetReference(rgb);
        for (int i = 0; i < count; i++)
        {
            Vector128.Shuffle(Vector128.LoadUnsafe(ref source, (nuint)(i * read)), order).StoreUnsafe(ref target, (nuint)(i * written));
        }

        return (count * read, count * written);
    }

    // paper - ink * paper / 255, rounded as Pillow's MULDIV255.
    private static byte Inked(int ink, int paper)
    {
        int product = (ink * paper) + 128;
        return (byte)Math.Max(0, paper - (((product >> 8) + product) >> 8));
    }
}
