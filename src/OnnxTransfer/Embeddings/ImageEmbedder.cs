using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// Embeds images one at a time, as predictions ask for them: what the cache has is read from it, anything else is computed
/// by a session that runs one image. That is not put into the cache, which would fill with parts of one row each. Safe for
/// many threads. <see cref="Embedder"/> is for many images.
/// </summary>
internal sealed class ImageEmbedder(Backbone backbone, EmbeddingCache cache)
{
    private readonly SpaceSet _spaces = new(cache, backbone);
    private readonly ImageDecoders _decoders = ImageDecoders.Default;

    /// <summary>Puts the embedding of the image file at <paramref name="path"/> into <paramref name="row"/>, D values.</summary>
    /// <exception cref="OnnxTransferException">The image cannot be read or decoded, or the runtime failed.</exception>
    public void Embed(string path, Span<float> row)
    {
        var source = new ImageSource(Path.GetFullPath(path));
        using var files = new ImageBytes();
        byte[] buffer = [];
        var bytes = files.Read(source, ref buffer);
        var kind = ImageKind.Of(bytes);
        if (kind.Format != ImageFormat.Unknown
            && _spaces.Find(new ImageIdentity(_decoders.NameFor(kind), ContentKey.Of(bytes))) is { } places)
        {
            Read(places, row);
            return;
        }

        var pixels = new byte[backbone.Preprocessing.ByteCount];
        using (var image = _decoders.Decode(bytes, source))
        {
            backbone.Preprocessing.Apply(image, pixels, source.Name);
        }

        Run(pixels).CopyTo(row);
    }

    // The cache keeps the taps as they are; the graph that Run runs divides by the length itself.
    private void Read(EmbeddingPlace[] places, Span<float> row)
    {
        var rest = row;
        foreach (var place in places)
        {
            place.Space.Row(place.At).CopyTo(rest);
            rest = rest[place.Space.Identity.Width..];
        }

        if (backbone.L2Normalize)
        {
            L2Normalization.Divide(row);
        }
    }

    private ReadOnlySpan<float> Run(byte[] pixels)
    {
        var session = backbone.Unbatched;
        var input = session.Inputs[0];

        // A graph of a fixed batch runs no other number: the rest of it is empty.
        var images = input.Dimensions is [> 0 and var only, ..] ? (int)only : 1;
        Array.Resize(ref pixels, images * pixels.Length);
        var inputs = new Dictionary<string, TensorValue>
        {
            [input.Name] = TensorValue.OfBytes(pixels, images, backbone.PixelHeight, backbone.PixelWidth, 3),
        };
        var embedding = session.Run(inputs)[session.Outputs[0].Name].Floats.AsSpan(0, backbone.Width);
        return embedding.ContainsAnyExceptInRange(float.MinValue, float.MaxValue)
            ? throw new InferenceException($"backbone '{backbone.Description.Name}': the embedding of an image is not finite; expected finite numbers: "
                + (backbone.Precision.Contains("fp16", StringComparison.Ordinal) ? "embed in fp32" : "check the file of the network"))
            : (ReadOnlySpan<float>)embedding;
    }
}
