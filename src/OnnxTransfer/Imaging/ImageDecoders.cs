using OnnxTransfer.Datasets;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Decoders in order of preference: the first that decodes a format decodes it. Immutable and safe to share between
/// threads.
/// </summary>
public sealed class ImageDecoders
{
    private static Lazy<ImageDecoders> _standard = new(Probe);

    private readonly IReadOnlyList<IImageDecoder> _decoders;

    /// <summary>Exactly these decoders, the preferred ones first.</summary>
    public ImageDecoders(IReadOnlyList<IImageDecoder> decoders) => _decoders = [.. decoders];

    /// <summary>
    /// What this machine has: libjpeg-turbo for JPEG, libvips for most others, BMP and most PNG, which need no library; then
    /// what the application registered. Found out once, when it is first asked for.
    /// </summary>
    public static ImageDecoders Default => _standard.Value;

    /// <summary>The native libraries that were not found, each with its cure; empty when all are there.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>What images may ask for.</summary>
    public ImageLimits Limits { get; init; } = ImageLimits.Default;

    /// <summary>The names of all decoders, in order.</summary>
    public IReadOnlyList<string> Names => [.. _decoders.Select(decoder => decoder.Name)];

    /// <summary>
    /// Puts a further decoder at the end of <see cref="Default"/>, for the formats that no other there decodes. For the
    /// start of an application, before it opens anything: what has asked for <see cref="Default"/> keeps what it got.
    /// </summary>
    public static void Register(IImageDecoder decoder)
    {
        var before = _standard;
        _standard = new Lazy<ImageDecoders>(() => before.Value.With(decoder));
    }

    /// <summary>These decoders and then another, for the formats that none of these decodes.</summary>
    public ImageDecoders With(IImageDecoder other) => new([.. _decoders, other]) { Missing = Missing, Limits = Limits };

    /// <summary>These decoders, but JPEG images as <paramref name="jpeg"/> says; other formats stay with theirs.</summary>
    /// <param name="jpeg">How JPEG images become pixels; <see cref="JpegDecoding.Exact"/> changes nothing.</param>
    /// <param name="preprocessing">What follows decoding: decides how far images may be scaled.</param>
    /// <exception cref="DecoderException">The library this takes is missing, or there is no GPU; the message says what to do.</exception>
    public ImageDecoders WithJpeg(JpegDecoding jpeg, PixelPreprocessing preprocessing) => jpeg switch
    {
        JpegDecoding.Exact => this,
        JpegDecoding.Scaled => After(Turbo("scaled JPEG decoding").ScaledTo(2 * Math.Max(preprocessing.Height, preprocessing.Width))),
        JpegDecoding.Gpu => After(NvJpegDecoder.Shared),
        _ => throw new ArgumentOutOfRangeException(nameof(jpeg), jpeg, "expected exact, scaled or gpu"),
    };

    /// <summary>Whether some decoder decodes <paramref name="format"/>.</summary>
    public bool Decodes(ImageFormat format) => _decoders.Any(decoder => decoder.Decodes(format));

    /// <summary>The decoder of <paramref name="format"/>; rare kinds of it may have another.</summary>
    /// <inheritdoc cref="For(ImageKind, string)"/>
    public IImageDecoder For(ImageFormat format, string file = "(no file)") => For(new ImageKind(format), file);

    /// <summary>The decoder of images of this kind: the first that decodes it.</summary>
    /// <param name="kind">Of a known format.</param>
    /// <param name="file">The file's name, for the error.</param>
    /// <exception cref="ImageException"><see cref="ImageFault.NoDecoder"/>: the message says what to install.</exception>
    public IImageDecoder For(ImageKind kind, string file = "(no file)")
    {
        foreach (var decoder in _decoders)
        {
            if (kind.IsRare ? decoder.DecodesRare(kind.Format) : decoder.Decodes(kind.Format))
            {
                return decoder;
            }
        }

        throw new ImageException(
            file,
            ImageFault.NoDecoder,
            $"a{(kind.IsRare ? " rare kind of" : "")} {kind.Format} image, but none of the decoders here ({string.Join(", ", Names)}) reads that format; {Cure(kind.Format)}");
    }

    /// <summary>The name of the decoder of <paramref name="format"/>; rare kinds of it may have another.</summary>
    /// <exception cref="ImageException"><see cref="ImageFault.NoDecoder"/>.</exception>
    public string NameFor(ImageFormat format) => For(format).Name;

    /// <summary>The name of the decoder of images of this kind, as it goes into cache keys.</summary>
    /// <exception cref="ImageException"><see cref="ImageFault.NoDecoder"/>.</exception>
    public string NameFor(ImageKind kind) => For(kind).Name;

    /// <summary>
    /// Decodes one image of any format and turns it upright. Before any pixel is decoded the file is checked to be an
    /// image, and not too large a one.
    /// </summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="file">The file's name, for errors.</param>
    /// <returns>RGB pixels, upright; the caller disposes them.</returns>
    /// <exception cref="ImageException">Anything that is wrong with the image; no other exception comes from bad bytes.</exception>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file)
    {
        if (encoded.IsEmpty)
        {
            throw new ImageException(file, ImageFault.Empty, "the file is empty, an image was expected; copy or download it again, or delete it");
        }

        var header = ImageHeader.Read(encoded);
        if (header.Format == ImageFormat.Unknown)
        {
            throw new ImageException(
                file,
                ImageFault.NotAnImage,
                $"found {FoundBytes.Describe(encoded)}, expected a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIF or JPEG XL image; "
                    + "remove the file from the data set or replace it");
        }

        Limits.Check(file, header.Width, header.Height);
        var stored = For(ImageKind.Of(encoded), file).Decode(encoded, file, Limits);
        return ExifOrientation.Apply(stored, ExifOrientation.Find(encoded, header.Format));
    }

    /// <summary>Decodes the bytes of <paramref name="source"/>: an encoded file, or raw pixels as they are stored.</summary>
    /// <exception cref="ImageException">Anything that is wrong with the image.</exception>
    public RgbImage Decode(ReadOnlySpan<byte> bytes, ImageSource source) => source.Layout switch
    {
        ImageLayout.Grey8 => RgbImage.FromGrey8(bytes, source.Width, source.Height),
        ImageLayout.PlanarRgb8 => RgbImage.FromPlanarRgb8(bytes, source.Width, source.Height),
        _ => Decode(bytes, source.Path),
    };

    private ImageDecoders After(IImageDecoder first) => new([first, .. _decoders]) { Missing = Missing, Limits = Limits };

    private LibJpegTurboDecoder Turbo(string purpose) => _decoders.OfType<LibJpegTurboDecoder>().FirstOrDefault()
        ?? throw new DecoderException($"{purpose} needs libjpeg-turbo: {Missing.FirstOrDefault(library => library.Contains("turbojpeg", StringComparison.Ordinal)) ?? "it is not among the decoders here"}");

    private static string Cure(ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "install libjpeg-turbo (sudo apt-get install libturbojpeg0) or add the ImageSharp decoder",
        ImageFormat.JpegXl => "convert it to PNG or JPEG",
        ImageFormat.Heif => "install libvips with its HEIF loader (sudo apt-get install libvips42) or convert it to PNG or JPEG",
        _ => "install libvips (sudo apt-get install libvips42) or add the ImageSharp decoder",
    };

    private static ImageDecoders Probe()
    {
        List<IImageDecoder> found = [];
        List<string> missing = [];
        if (LibJpegTurboDecoder.TryCreate(out var jpeg, out string? noJpeg))
        {
            found.Add(jpeg);
        }
        else
        {
            missing.Add(noJpeg);
        }

        found.Add(new PngDecoder());
        if (VipsDecoder.TryCreate(out var vips, out string? noVips))
        {
            found.Add(vips);
        }
        else
        {
            missing.Add(noVips);
        }

        found.Add(new BmpDecoder());
        return new ImageDecoders(found) { Missing = missing };
    }
}
