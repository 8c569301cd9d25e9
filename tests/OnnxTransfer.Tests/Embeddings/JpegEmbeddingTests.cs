using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Imaging;

namespace OnnxTransfer.Tests.Embeddings;

/// <summary>The cache keeps what each way of decoding JPEG gave apart, and leaves other formats alone.</summary>
public sealed class JpegEmbeddingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tiny.Dispose();
    }

    [SkippableFact]
    public void Another_way_embeds_JPEG_anew_and_nothing_else()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        DecodingTests.SkipWithout(ImageFormat.Gif);
        foreach (var file in new[] { "jpeg_420.jpg", "jpeg_cmyk.jpg", "png_rgb.png", "png_interlaced.png", "bmp_24.bmp" })
        {
            File.WriteAllBytes(_folder["images", "a", file], Golden.Image(file));
        }

        var exact = Run(JpegDecoding.Exact);
        var scaled = Run(JpegDecoding.Scaled);
        var again = Run(JpegDecoding.Scaled);
        var back = Run(JpegDecoding.Exact);

        Assert.Equal((5, 0), (exact.Embedded, exact.FromCache));
        Assert.Equal((2, 3), (scaled.Embedded, scaled.FromCache));
        Assert.Equal((0, 5), (again.Embedded, again.FromCache));
        Assert.Equal((0, 5), (back.Embedded, back.FromCache));
        var turbo = ImageDecoders.Default.NameFor(ImageFormat.Jpeg);
        Assert.Equal(2, exact.Decoders[turbo]);
        Assert.Equal(2, scaled.Decoders[$"{turbo} scaled to 20 or more"]);
        Assert.Equal(2, again.Decoders[$"{turbo} scaled to 20 or more"]);
        Assert.False(scaled.Decoders.ContainsKey(turbo));

        // A rare kind of PNG stays with its decoder when only the memo is asked.
        Assert.Equal((1, 1), (again.Decoders["OnnxTransfer PNG 1"], again.Decoders[ImageDecoders.Default.NameFor(ImageFormat.Gif)]));
    }

    private EmbedReport Run(JpegDecoding jpeg)
    {
        using var backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        return Embedder.Run(backbone, ImageFolder.Open(_folder["images"]), cache, new EmbedSettings { Jpeg = jpeg }).Report;
    }
}
