using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Backbones;

/// <summary>
/// Whether a backbone gives here what it gave where it was exported or trained: its golden image, through this library's
/// decoder, preprocessing and runtime, tap by tap against the golden embedding.
/// </summary>
/// <param name="Backbone">Name of the backbone.</param>
/// <param name="Provider">The provider really in use.</param>
/// <param name="Precision">What it computed in: fp32, tf32, fp16.</param>
/// <param name="Taps">The golden taps, in their order.</param>
public sealed record GoldenCheck(string Backbone, ExecutionProvider Provider, string Precision, IReadOnlyList<GoldenTap> Taps)
{
    /// <summary>
    /// The largest difference allowed, relative to the tap's largest golden value: 1e-4 in fp32, where only the order of the
    /// sums differs; none in fp16 and tf32, whose 10 bits of mantissa are held to the cosine alone.
    /// </summary>
    public double AllowedDifference => Precision == "fp32" ? 1e-4 : double.PositiveInfinity;

    /// <summary>The least cosine allowed: 0.99999 in fp32, 0.999 in fp16 and tf32.</summary>
    public double LeastCosine => Precision == "fp32" ? 0.99999 : 0.999;

    /// <summary>Whether every tap is as near as it must be.</summary>
    public bool Passed => Taps.All(IsNear);

    /// <summary>Whether this tap is; one with a number that is not finite never is.</summary>
    public bool IsNear(GoldenTap tap) => tap.Difference <= AllowedDifference && tap.Cosine >= LeastCosine;

    /// <summary>Loads a backbone with its golden taps, by name or path as <see cref="Backbones.Backbone.Load"/>, and embeds its golden image.</summary>
    /// <exception cref="BackboneException">It has no golden embedding, its image is not there, or it cannot be loaded.</exception>
    /// <exception cref="ImageException">The golden image cannot be decoded.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public static GoldenCheck Run(string nameOrPath, ExecutionProvider provider = ExecutionProvider.Cpu, BackboneSettings? settings = null)
    {
        settings ??= new BackboneSettings();
        var entry = (settings.Catalogue ?? BackboneCatalogue.Default).Find(nameOrPath);
        var golden = entry.Description.Golden
            ?? throw new BackboneException($"{entry.DescriptionPath}: has no golden embedding, so there is nothing to check '{entry.Description.Name}' against; "
                + "expected the field 'golden' with image, taps and values, as models/export.py writes it; "
                + (entry.Description.Obtain is { Length: > 0 } obtain ? $"this makes the backbone and its description: {obtain}" : "export the backbone again, or add the field"));
        var imagePath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(entry.DescriptionPath))!, golden.Image);
        if (!File.Exists(imagePath))
        {
            throw new BackboneException($"{imagePath}: not there, though {entry.DescriptionPath} names it as the image of its golden embedding; put it beside the description");
        }

        using var backbone = Backbones.Backbone.Load(nameOrPath, provider, settings with { Taps = golden.Taps, Pooling = null, BatchSize = Math.Max(1, entry.Description.Input.Batch) });
        using var buffers = backbone.CreateBuffers();
        using var image = ImageDecoders.Default.Decode(File.ReadAllBytes(imagePath), imagePath);
        backbone.Preprocessing.Apply(image, buffers.Image(0), imagePath);
        backbone.Run(buffers, 1);
        return new(entry.Description.Name, backbone.Provider, backbone.Precision, Compare(backbone.Taps, golden, buffers));
    }

    private static GoldenTap[] Compare(IReadOnlyList<BackboneTap> taps, GoldenDescription golden, BatchBuffers buffers)
    {
        ReadOnlySpan<float> rest = [.. golden.Values];
        var compared = new GoldenTap[taps.Count];
        for (var i = 0; i < compared.Length; i++)
        {
            var tap = taps[i];
            var (difference, cosine) = GoldenDescription.Compare(rest[..tap.Width], buffers.OutputRow(i, 0));
            compared[i] = new(tap.Name, tap.Pooling, tap.Width, difference, cosine);
            rest = rest[tap.Width..];
        }

        return compared;
    }
}
