using System.Runtime.InteropServices;

namespace OnnxTransfer.Benchmarks;

/// <summary>Encodes with libwebp (webp/encode.h), as .NET has no encoder of its own; Linux only.</summary>
internal static unsafe partial class WebPEncoder
{
    /// <summary>H x W x 3 pixels as a lossy WebP of quality 85.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        byte* encoded = null;
        try
        {
            fixed (byte* pixels = rgb)
            {
                nuint length = WebPEncodeRGB(pixels, width, height, 3 * width, 85, &encoded);
                return length > 0
                    ? new ReadOnlySpan<byte>(encoded, (int)length).ToArray()
                    : throw new InvalidOperationException($"libwebp could not encode {width} x {height} pixels");
            }
        }
        finally
        {
            WebPFree(encoded);
        }
    }

    [LibraryImport("libwebp.so.7")]
    private static partial nuint WebPEncodeRGB(byte* rgb, int width, int height, int stride, float quality, byte** encoded);

    [LibraryImport("libwebp.so.7")]
    private static partial void WebPFree(byte* buffer);
}
