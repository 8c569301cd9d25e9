using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Imaging;

/// <summary>
/// JPEG by libjpeg-turbo, with the accurate inverse DCT and smooth chroma upsampling, so that pixels equal Pillow's,
/// which uses the same library: baseline and progressive, colour, grey, CMYK and YCCK in Adobe's inverted convention.
/// <para>A file that ends early is <see cref="ImageFault.Truncated"/> and one with broken entropy-coded data is
/// <see cref="ImageFault.Corrupt"/>, where libjpeg itself would fill the rest with grey and only warn. Warnings that
/// leave the pixels whole, such as stray bytes before a marker, are accepted, as Pillow accepts them.</para>
/// </summary>
public sealed unsafe class LibJpegTurboDecoder : IImageDecoder
{
    // A decompressor may serve one call at a time; idle ones wait here.
    private readonly ConcurrentBag<Decompressor> idle = [];
    private readonly TurboJpegApi api;

    private LibJpegTurboDecoder(TurboJpegApi api)
    {
        this.api = api;
        Name = $"libjpeg-turbo {api.Version}";
    }

    /// <summary>Such as "libjpeg-turbo 2.1.5".</summary>
    public string Name { get; }

    /// <summary>Loads the library; false, with the reason and the cure in <paramref name="missing"/>, where it is absent.</summary>
    public static bool TryCreate([NotNullWhen(true)] out LibJpegTurboDecoder? decoder, [NotNullWhen(false)] out string? missing)
    {
        decoder = TurboJpegApi.TryLoad(out var api, out missing) ? new LibJpegTurboDecoder(api) : null;
        return decoder is not null;
    }

    /// <summary>True for JPEG alone.</summary>
    public bool Decodes(ImageFormat format) => format == ImageFormat.Jpeg;

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        if (!idle.TryTake(out var decompressor))
        {
            decompressor = new Decompressor(api);
        }

        try
        {
            var image = Decode(decompressor.DangerousGetHandle(), encoded, file, limits);
            idle.Add(decompressor);
            return image;
        }
        catch
        {
            // libturbojpeg leaves a decompressor half way when a header is bad: the next image must not inherit that.
            decompressor.Dispose();
            throw;
        }
    }

    private RgbImage Decode(nint handle, ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        fixed (byte* source = encoded)
        {
            int width = 0, height = 0, subsampling, colours = 0;
            var length = new CULong((nuint)encoded.Length);
            Check(api.DecompressHeader(handle, source, length, &width, &height, &subsampling, &colours), handle, encoded, file);

            if (width < 1 || height < 1)
            {
                // Tables alone count as success there.
                Judge("no image in it", encoded, file);
            }

            limits.Check(file, width, height);
            var image = new RgbImage(width, height);
            try
            {
                if (colours is TurboJpegApi.ColoursCmyk or TurboJpegApi.ColoursYcck)
                {
                    DecodeCmyk(handle, source, encoded, image, file);
                }
                else
                {
                    fixed (byte* target = image.Pixels)
                    {
                        Check(api.Decompress(handle, source, length, target, width, 0, height, TurboJpegApi.PixelsRgb, TurboJpegApi.LimitScans), handle, encoded, file);
                    }
                }

                return image;
            }
            catch
            {
                image.Dispose();
                throw;
            }
        }
    }

    private void DecodeCmyk(nint handle, byte* source, ReadOnlySpan<byte> encoded, RgbImage image, string file)
    {
        new ImageLimits { MaxPixels = Array.MaxLength / 4 }.Check(file, image.Width, image.Height);
        int bytes = 4 * image.Width * image.Height;
        byte[] inks = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            fixed (byte* target = inks)
            {
                var length = new CULong((nuint)encoded.Length);
                Check(api.Decompress(handle, source, length, target, image.Width, 0, image.Height, TurboJpegApi.PixelsCmyk, TurboJpegApi.LimitScans), handle, encoded, file);
            }

            PixelConversion.FromCmyk(inks.AsSpan(0, bytes), step: 4, inverted: true, image.Pixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(inks);
        }
    }

    private void Check(int result, nint handle, ReadOnlySpan<byte> encoded, string file)
    {
        if (result != 0)
        {
            Judge(api.Error(handle), encoded, file);
        }
    }

    // libturbojpeg reports the first warning only; so even after a harmless one the end of the file is looked for.
    private static void Judge(string complaint, ReadOnlySpan<byte> encoded, string file)
    {
        if (complaint.Contains("remature end", StringComparison.Ordinal) || CutFile.Is(encoded, ImageFormat.Jpeg))
        {
            throw new ImageException(
                file,
                ImageFault.Truncated,
                $"the JPEG data end early, after {encoded.Length} bytes (libjpeg: {complaint}), before the last pixel and the end marker; copy or download the file again");
        }

        if (complaint.Contains("nsupported", StringComparison.Ordinal))
        {
            throw new ImageException(
                file,
                ImageFault.UnsupportedFormat,
                $"a JPEG of a kind libjpeg does not read (libjpeg: {complaint}); expected 8-bit baseline or progressive; convert it to PNG");
        }

        if (!IsHarmless(complaint))
        {
            throw new ImageException(
                file, ImageFault.Corrupt, $"the JPEG data are damaged (libjpeg: {complaint}); copy or download the file again");
        }
    }

    // The messages of jerror.h, codes JWRN_EXTRANEOUS_DATA, JWRN_JFIF_MAJOR, JWRN_ADOBE_XFORM and JWRN_NOT_SEQUENTIAL;
    // and libturbojpeg's word for rare sampling factors, which only its YUV functions do not serve.
    private static bool IsHarmless(string complaint) =>
        complaint.Contains("extraneous bytes before marker", StringComparison.Ordinal)
        || complaint.Contains("unknown JFIF revision", StringComparison.Ordinal)
        || complaint.Contains("Unknown Adobe color transform", StringComparison.Ordinal)
        || complaint.Contains("Invalid SOS parameters", StringComparison.Ordinal)
        || complaint.Contains("Could not determine subsampling type", StringComparison.Ordinal);

    private sealed class Decompressor : SafeHandle
    {
        private readonly TurboJpegApi api;

        public Decompressor(TurboJpegApi api) : base(0, ownsHandle: true)
        {
            this.api = api;
            SetHandle(api.InitDecompress());
            if (IsInvalid)
            {
                throw new InsufficientMemoryException("libturbojpeg could not make a decompressor");
            }
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => api.Destroy(handle) == 0;
    }
}
