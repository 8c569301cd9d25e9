using System.Runtime.InteropServices;

namespace OnnxTransfer.Benchmarks;

/// <summary>Encodes with the library that the decoder uses (turbojpeg.h 2.x), as .NET has no encoder of its own; Linux only.</summary>
internal static unsafe partial class TurboJpegEncoder
{
    /// <summary>H x W x 3 pixels as a JPEG of quality 90 with 4:2:0 chroma, as cameras write it.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        nint handle = tjInitCompress();
        byte* encoded = null;
        try
        {
            CULong length = default;
            fixed (byte* pixels = rgb)
            {
                const int Rgb = 0, Chroma420 = 2, Quality = 90;
                return tjCompress2(handle, pixels, width, 0, height, Rgb, &encoded, &length, Chroma420, Quality, 0) == 0
                    ? new ReadOnlySpan<byte>(encoded, (int)length.Value).ToArray()
                    : throw new InvalidOperationException($"libturbojpeg could not encode {width} x {height} pixels");
            }
        }
        finally
        {
            tjFree(encoded);
            _ = tjDestroy(handle);
        }
    }

    [LibraryImport("libturbojpeg.so.0")]
    private static partial nint tjInitCompress();

    [LibraryImport("libturbojpeg.so.0")]
    private static partial int tjCompress2(
        nint handle, byte* pixels, int width, int pitch, int height, int format, byte** encoded, CULong* length, int chroma, int quality, int flags);

    [LibraryImport("libturbojpeg.so.0")]
    private static partial void tjFree(byte* buffer);

    [LibraryImport("libturbojpeg.so.0")]
    private static partial int tjDestroy(nint handle);
}
