using System.Buffers;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Embeddings;

/// <summary>An image's content and the decoder it goes through; what its embedding is found by.</summary>
internal readonly record struct ImageIdentity(string Decoder, ContentKey Key);

/// <summary>What became of one image before the backbone: the taps it lacks; no pixels where it lacks none or a twin has it embedded.</summary>
internal readonly record struct Preparation(ImageIdentity Image, TapSet Missing, byte[]? Pixels);

/// <summary>
/// The first stages for one image: is its embedding in the cache? If not, read, hash, decode, resize, crop. One for each
/// thread, since it keeps a read buffer.
/// </summary>
internal sealed class ImagePreparer(Backbone backbone, EmbeddingCache cache, SpaceSet spaces, ImageBytes files, ImageDecoders decoders, PipelineClocks clocks, AugmentedView? view)
{
    private readonly PixelPreprocessing _preprocessing = backbone.Preprocessing;
    private byte[] _buffer = [];
    private (ImageLayout Layout, int Width, int Height, string Name) _raw;

    /// <summary>
    /// Prepares <paramref name="source"/>; no pixels when its embedding is in the cache, or when <paramref name="claim"/>
    /// says that another image of this run has the same content.
    /// </summary>
    /// <exception cref="OnnxTransferException">The image cannot be read or decoded.</exception>
    public Preparation Prepare(ImageSource source, Func<ImageIdentity, bool> claim)
    {
        var start = ThreadTime.Now;
        source = source with { Path = source.Path }; // put together once
        var file = source.Layout == ImageLayout.Encoded ? FileMemo.Look(source.Path) : null;
        if (file is { Exists: true } && cache.Memo.Find(file) is var (known, kind))
        {
            var decoder = decoders.For(ImageKind.FromByte(kind), source.Path).Name;
            if (spaces.Has(new ImageIdentity(decoder, known)))
            {
                return new Preparation(new ImageIdentity(decoder, known), default, null);
            }
        }

        var bytes = files.Read(source, ref _buffer);
        var key = ContentKey.Of(bytes);
        var image = new ImageIdentity(DecoderOf(source, bytes, out var found), key);
        start = clocks.Read.Stop(start);
        var missing = spaces.Missing(image);
        var pixels = missing.IsEmpty || !claim(image) ? null : Decode(source, key, bytes, found.Format == ImageFormat.Jpeg, start);
        if (file is not null)
        {
            cache.Memo.Add(file, key, found.ToByte());
        }

        return new Preparation(image, missing, pixels);
    }

    private byte[] Decode(ImageSource source, ContentKey key, ReadOnlySpan<byte> bytes, bool isJpeg, ThreadTime start)
    {
        using var image = decoders.Decode(bytes, source);
        start = clocks.Decode.Stop(start);
        clocks.Count((long)image.Width * image.Height, isJpeg);
        var pixels = ArrayPool<byte>.Shared.Rent(_preprocessing.ByteCount);
        if (view is null)
        {
            _preprocessing.Apply(image, pixels, source.Name);
        }
        else
        {
            view.Augmentation.Apply(image, _preprocessing, view.SeedOf(key), pixels, source.Name);
        }

        clocks.Resize.Stop(start);
        return pixels;
    }

    // An empty file or one that is no image gets its reason here, before anything is asked of a decoder by format. The
    // shape of raw pixels is not among their bytes, so it goes where the decoder's name goes.
    private string DecoderOf(ImageSource source, ReadOnlySpan<byte> bytes, out ImageKind kind)
    {
        kind = source.Layout == ImageLayout.Encoded ? ImageKind.Of(bytes) : default;
        if (source.Layout == ImageLayout.Encoded && kind.Format == ImageFormat.Unknown)
        {
            decoders.Decode(bytes, source.Path).Dispose();
        }

        return source.Layout switch
        {
            ImageLayout.Grey8 or ImageLayout.PlanarRgb8 => RawName(source),
            _ => decoders.For(kind, source.Path).Name,
        };
    }

    private string RawName(ImageSource source)
    {
        if (_raw.Layout != source.Layout || _raw.Width != source.Width || _raw.Height != source.Height)
        {
            var kind = source.Layout == ImageLayout.Grey8 ? "grey" : "planar rgb";
            _raw = (source.Layout, source.Width, source.Height, $"raw {kind} {source.Width}x{source.Height}");
        }

        return _raw.Name;
    }
}
