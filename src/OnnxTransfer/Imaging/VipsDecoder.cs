using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Imaging;

/// <summary>
/// PNG, WebP, GIF (first frame), TIFF (first page) and HEIF by libvips, as far as the installed build reads them. Loaders
/// that libvips itself calls untrusted stay blocked; in Debian 12's build that is JPEG XL among others.
/// <para>Samples of 16 bits give their high byte, as Pillow does for colour. Pillow clips 16-bit grey to 255, a known
/// fault of its, so there results differ on purpose. Fully transparent pixels of a GIF are black, Pillow shows their
/// palette colour.</para>
/// </summary>
public sealed unsafe class VipsDecoder : IImageDecoder
{
    // Error texts gather in one buffer for the whole process. A failed image is therefore decoded again alone.
    private static readonly ReaderWriterLockSlim Gate = new();

    private readonly VipsApi _api;
    private readonly FrozenDictionary<ImageFormat, string> _loaders;

    private VipsDecoder(VipsApi api)
    {
        _api = api;
        Name = $"libvips {api.Version}";
        _loaders = new Dictionary<ImageFormat, string>
        {
            [ImageFormat.Png] = "pngload_buffer",
            [ImageFormat.WebP] = "webpload_buffer",
            [ImageFormat.Gif] = "gifload_buffer",
            [ImageFormat.Tiff] = "tiffload_buffer",
            [ImageFormat.Heif] = "heifload_buffer",
            [ImageFormat.JpegXl] = "jxlload_buffer",
        }.Where(pair => IsAllowed(pair.Value)).ToFrozenDictionary();
    }

    /// <summary>Such as "libvips 8.14.1".</summary>
    public string Name { get; }

    /// <summary>Loads the library; false, with the reason and the cure in <paramref name="missing"/>, where it is absent.</summary>
    public static bool TryCreate([NotNullWhen(true)] out VipsDecoder? decoder, [NotNullWhen(false)] out string? missing)
    {
        decoder = VipsApi.TryLoad(out var api, out missing) ? new VipsDecoder(api) : null;
        return decoder is not null;
    }

    /// <summary>True for the formats whose loader the installed libvips has and trusts.</summary>
    public bool Decodes(ImageFormat format) => _loaders.ContainsKey(format);

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        var format = ImageHeader.Detect(encoded);
        string loader = _loaders[format];
        Gate.EnterReadLock();
        try
        {
            if (TryDecode(encoded, loader, file, limits) is { } image)
            {
                return image;
            }
        }
        finally
        {
            Gate.ExitReadLock();
        }

        Gate.EnterWriteLock();
        try
        {
            _api.ErrorClear();
            return TryDecode(encoded, loader, file, limits) ?? throw Fault(_api.Error, encoded, format, file);
        }
        finally
        {
            _api.ErrorClear();
            Gate.ExitWriteLock();
        }
    }

    private static ImageException Fault(string complaint, ReadOnlySpan<byte> encoded, ImageFormat format, string file)
    {
        string[] signs =
        [
            "truncat", "premature", "end of file", "unexpected end", "not enough data",
            "read error", "io error", "bad seek", "seek error", "can not read",
        ];
        bool truncated = CutFile.Is(encoded, format) || signs.Any(sign => complaint.Contains(sign, StringComparison.OrdinalIgnoreCase));
        string said = complaint.Length == 0 ? "" : $" (libvips: {complaint})";
        return truncated
            ? new(
                file,
                ImageFault.Truncated,
                $"the {format} data end early, after {encoded.Length} bytes{said}, before the last pixel; copy or download the file again")
            : new(file, ImageFault.Corrupt, $"the {format} data are damaged{said}; copy or download the file again");
    }

    private bool IsAllowed(string loader)
    {
        nint operation = New(loader);
        if (operation == 0)
        {
            _api.ErrorClear();
            return false;
        }

        bool blocked = (_api.OperationFlags(operation) & VipsApi.Blocked) != 0;
        _api.ObjectUnref(operation);
        return !blocked;
    }

    private nint New(string loader)
    {
        Span<byte> name = stackalloc byte[loader.Length + 1];
        name[System.Text.Encoding.ASCII.GetBytes(loader, name)] = 0;
        fixed (byte* pointer = name)
        {
            return _api.OperationNew(pointer);
        }
    }

    // Null when libvips failed; its error buffer says why.
    private RgbImage? TryDecode(ReadOnlySpan<byte> encoded, string loader, string file, ImageLimits limits)
    {
        fixed (byte* source = encoded)
        {
            nint opened = Open(source, (nuint)encoded.Length, loader);
            if (opened == 0)
            {
                return null;
            }

            byte* samples = null;
            try
            {
                int width = _api.Width(opened), height = _api.Height(opened);
                limits.Check(file, width, height);
                var layout = SampleLayout.Of(_api, opened, file);
                nuint size;
                samples = _api.WriteToMemory(opened, &size);
                return samples is null ? null : layout.ToRgb(samples, width, height);
            }
            finally
            {
                _api.Free(samples);
                _api.ObjectUnref(opened);
            }
        }
    }

    // Only the header is read here; rows are decoded when they are asked for, top to bottom (sequential: without it
    // libvips may unpack large files into a temporary file).
    private nint Open(byte* source, nuint length, string loader)
    {
        nint operation = New(loader);
        var value = default(VipsApi.GValue);
        fixed (byte* options = "access=sequential,fail_on=error\0"u8, buffer = "buffer\0"u8, result = "out\0"u8)
        {
            nint blob = _api.BlobNew(0, source, length);
            _api.ValueInit(&value, _api.BlobType());
            _api.ValueSetBoxed(&value, blob);
            _api.SetProperty(operation, buffer, &value);
            _api.ValueUnset(&value);
            _api.AreaUnref(blob);

            nint opened = 0;
            if (_api.SetFromString(operation, options) == 0 && _api.Build(&operation) == 0)
            {
                value = default;
                _api.ValueInit(&value, _api.ImageType());
                _api.GetProperty(operation, result, &value);
                opened = _api.ValueDupObject(&value);
                _api.ValueUnset(&value);
            }

            _api.UnrefOutputs(operation);
            _api.ObjectUnref(operation);
            return opened;
        }
    }

    // How libvips left the samples: bands of 8 or 16 bits, in the colours of the file.
    private readonly record struct SampleLayout(int Bands, bool Wide, bool Cmyk)
    {
        public static SampleLayout Of(VipsApi api, nint image, string file)
        {
            int bands = api.Bands(image), format = api.Format(image), colours = api.Interpretation(image);
            if (format is not (VipsApi.UChar or VipsApi.UShort) || colours is VipsApi.Lab or VipsApi.Labs or VipsApi.LabQ || bands < 1)
            {
                throw new ImageException(
                    file,
                    ImageFault.UnsupportedFormat,
                    $"its {bands} channels are not 8- or 16-bit grey, RGB or CMYK "
                        + $"(libvips: band format {format}, interpretation {colours}); convert it to 8-bit RGB");
            }

            return new SampleLayout(bands, format == VipsApi.UShort, colours == VipsApi.Cmyk && bands >= 4);
        }

        public RgbImage ToRgb(byte* samples, int width, int height)
        {
            int count = checked(width * Bands);
            var image = new RgbImage(width, height);
            for (int y = 0; y < height; y++)
            {
                byte* row = samples + ((long)y * count * (Wide ? 2 : 1));
                if (Wide)
                {
                    TakeHighBytes(row, count);
                }

                var from = new ReadOnlySpan<byte>(row, count);
                var rgb = image.Pixels.Slice(3 * y * width, 3 * width);
                if (Bands < 3)
                {
                    PixelConversion.FromGrey(from, Bands, rgb);
                }
                else if (Cmyk)
                {
                    PixelConversion.FromCmyk(from, Bands, inverted: false, rgb);
                }
                else
                {
                    PixelConversion.FromRgb(from, Bands, rgb);
                }
            }

            return image;
        }

        private static void TakeHighBytes(byte* row, int count)
        {
            var wide = (ushort*)row;
            for (int i = 0; i < count; i++)
            {
                row[i] = (byte)(wide[i] >> 8);
            }
        }
    }
}
