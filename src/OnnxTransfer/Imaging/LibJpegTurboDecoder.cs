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
    private readonly ConcurrentBag<Decompressor> _idle = [];
    private readonly TurboJpegApi _api;

    // The shorter side that scaling must leave; 0: no scaling.
    private readonly int _leastSide;

    private LibJpegTurboDecoder(TurboJpegApi api, int leastSide = 0)
    {
        (_api, _leastSide) = (api, leastSide);
        Name = $"libjpeg-turbo {api.Version}{(leastSide > 0 ? $" scaled to {leastSide} or more" : "")}";
    }

    /// <summary>Such as "libjpeg-turbo 2.1.5", or "libjpeg-turbo 2.1.5 scaled to 512 or more".</summary>
    public string Name { get; }

    /// <summary>Loads the library; false, with the reason and the cure in <paramref name="missing"/>, where it is absent.</summary>
    public static bool TryCreate([NotNullWhen(true)] out LibJpegTurboDecoder? decoder, [NotNullWhen(false)] out string? missing)
    {
        decoder = TurboJpegApi.TryLoad(out var api, out missing) ? new LibJpegTurboDecoder(api) : null;
        return decoder is not null;
    }

    /// <summary>
    /// A decoder that halves images up to three times while they are decoded (the inverse DCT yields 4, 2 or 1 pixels for
    /// each 8), as long as the shorter side keeps <paramref name="leastSide"/> pixels. Sides are rounded up.
    /// </summary>
    /// <param name="leastSide">At least 1. Twice the size an image is resized to afterwards leaves nearly the same pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public LibJpegTurboDecoder ScaledTo(int leastSide)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leastSide, 1);
        return new LibJpegTurboDecoder(_api, leastSide);
    }

    /// <summary>True for JPEG alone.</summary>
    public bool Decodes(ImageFormat format) => format == ImageFormat.Jpeg;

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        if (!_idle.TryTake(out var decompressor))
        {
            decompressor = new Decompressor(_api);
        }

        try
        {
            var image = Decode(decompressor.DangerousGetHandle(), encoded, file, limits);
            _idle.Add(decompressor);
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
        int width = 0, height = 0, subsampling, colours = 0;
        fixed (byte* source = encoded)
        {
            var length = new CULong((nuint)encoded.Length);
            int result = _api.DecompressHeader(handle, source, length, &width, &height, &subsampling, &colours);
            if (result != 0)
            {
                Judge(_api.Error(handle), encoded, file);
            }
        }

        if (width < 1 || height < 1)
        {
            // A file of tables alone counts as success there.
            Judge("no image in it", encoded, file);
        }

        limits.Check(file, width, height);
        int eighths = Eighths(Math.Min(width, height));
        var image = new RgbImage(Scaled(width, eighths), Scaled(height, eighths));
        try
        {
            if (colours is TurboJpegApi.ColoursCmyk or TurboJpegApi.ColoursYcck)
            {
                DecodeCmyk(handle, encoded, image, file);
            }
            else
            {
                Decompress(handle, encoded, image.Pixels, image, TurboJpegApi.PixelsRgb, file);
            }

            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    // Halvings alone: libjpeg-turbo has vector code for the scales 1, 1/2 and 1/4, and plain C for those between.
    private int Eighths(int shorterSide)
    {
        int eighths = 8;
        while (_leastSide > 0 && eighths > 1 && Scaled(shorterSide, eighths / 2) >= _leastSide)
        {
            eighths /= 2;
        }

        return eighths;
    }

    // turbojpeg.h's TJSCALED. tjDecompress2 takes the largest scale that fits the size it is given.
    private static int Scaled(int side, int eighths) => (int)((((long)side * eighths) + 7) / 8);

    private void DecodeCmyk(nint handle, ReadOnlySpan<byte> encoded, RgbImage image, string file)
    {
        new ImageLimits { MaxPixels = Array.MaxLength / 4 }.Check(file, image.Width, image.Height);
        int bytes = 4 * image.Width * image.Height;
        byte[] inks = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            Decompress(handle, encoded, inks, image, TurboJpegApi.PixelsCmyk, file);
            PixelConversion.FromCmyk(inks.AsSpan(0, bytes), step: 4, inverted: true, image.Pixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(inks);
        }
    }

    private void Decompress(nint handle, ReadOnlySpan<byte> encoded, Span<byte> pixels, RgbImage size, int layout, string file)
    {
        const int GaplessRows = 0;
        fixed (byte* source = encoded, target = pixels)
        {
            var length = new CULong((nuint)encoded.Length);
            int result = _api.Decompress(
                handle, source, length, target, size.Width, GaplessRows, size.Height, layout, TurboJpegApi.LimitScans);
            if (result != 0)
            {
                Judge(_api.Error(handle), encoded, file);
            }
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
                $"the JPEG data end early, after {encoded.Length} bytes (libjpeg: {complaint}), "
                    + "before the last pixel and the end marker; copy or download the file again");
        }

        if (complaint.Contains("nsupported", StringComparison.Ordinal))
        {
            throw new ImageException(
                file,
                ImageFault.UnsupportedFormat,
                $"a JPEG of a kind libjpeg does not read (libjpeg: {complaint}); "
                    + "expected 8-bit baseline or progressive; convert it to PNG");
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
        private readonly TurboJpegApi _api;

        public Decompressor(TurboJpegApi api) : base(0, ownsHandle: true)
        {
            _api = api;
            SetHandle(api.InitDecompress());
            if (IsInvalid)
            {
                throw new InsufficientMemoryException("libturbojpeg could not make a decompressor");
            }
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => _api.Destroy(handle) == 0;
    }
}
