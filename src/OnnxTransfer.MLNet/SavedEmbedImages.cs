using System.Text.Json;
using Microsoft.ML;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>EmbedImages as it stands in a model file: which backbone, told by its content, and where it and the cache were.</summary>
internal sealed record SavedEmbedImages
{
    public const string Loader = "OnnxTransferEmbedImages";
    private const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public required int Format { get; init; }

    public required string OutputColumn { get; init; }

    public required string InputColumn { get; init; }

    public required EmbedImagesSettings Settings { get; init; }

    public required string Backbone { get; init; }

    public required string ModelPath { get; init; }

    public required string DescriptionPath { get; init; }

    /// <summary>SHA-256 of the ONNX file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The taps with their poolings, as they are asked for.</summary>
    public required IReadOnlyList<string> Taps { get; init; }

    /// <summary>All that decides the vector of given pixels at each tap, precision left out: a GPU's may differ from that of the machine that loads.</summary>
    public required IReadOnlyList<string> Computation { get; init; }

    public required string Preprocessing { get; init; }

    public required bool L2Normalize { get; init; }

    public required string Precision { get; init; }

    public required string CacheFolder { get; init; }

    public static SavedEmbedImages Of(string outputColumn, string inputColumn, Backbone backbone, EmbeddingCache cache, EmbedImagesSettings settings) => new()
    {
        Format = CurrentFormat,
        OutputColumn = outputColumn,
        InputColumn = inputColumn,
        Settings = settings,
        Backbone = backbone.Description.Name,
        ModelPath = Path.GetFullPath(backbone.Entry.ModelPath),
        DescriptionPath = Path.GetFullPath(backbone.Entry.DescriptionPath),
        Sha256 = backbone.Sha256,
        Taps = [.. backbone.Taps.Select(tap => tap.Label)],
        Computation = ComputationOf(backbone),
        Preprocessing = backbone.Preprocessing.Signature,
        L2Normalize = backbone.L2Normalize,
        Precision = backbone.Precision,
        CacheFolder = cache.Folder,
    };

    public static SavedEmbedImages Read(object context)
    {
        byte[] block = ModelStream.Read(context)[0];
        using var text = JsonDocument.Parse(block);
        int format = text.RootElement.GetProperty("format").GetInt32();
        return format == CurrentFormat
            ? text.Deserialize<SavedEmbedImages>(Json)!
            : throw new OnnxTransferException($"EmbedImages: the model holds it in format {format}, this version reads {CurrentFormat}; use the version that wrote it");
    }

    public void Write(ModelSaveContext context) => ModelStream.Write(context, Loader, JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>Opens backbone and cache again; the transformer closes them.</summary>
    /// <exception cref="OnnxTransferException">The backbone is not found, or is another.</exception>
    public EmbedImagesTransformer Open(ModelLoading loading)
    {
        var catalogue = loading.Catalogue ?? BackboneCatalogue.Default;
        var backbone = Backbones.Backbone.Load(Find(catalogue), loading.Provider, new BackboneSettings
        {
            Catalogue = catalogue,
            Taps = Taps,
            L2Normalize = L2Normalize,
            Precision = Precision.Contains("fp16", StringComparison.Ordinal) ? Backbones.Precision.Fp16 : Backbones.Precision.Fp32,
            AllowTf32 = Precision.Contains("tf32", StringComparison.Ordinal),
        });
        try
        {
            if (!Computation.SequenceEqual(ComputationOf(backbone)) || backbone.Preprocessing.Signature != Preprocessing)
            {
                throw new OnnxTransferException(
                    $"EmbedImages: {backbone.Entry.DescriptionPath} describes backbone '{Backbone}' otherwise than when the model was saved "
                    + $"(preprocessing {backbone.Preprocessing.Signature}, expected {Preprocessing}; taps {string.Join(", ", ComputationOf(backbone))}, "
                    + $"expected {string.Join(", ", Computation)}); put the description back, or fit again");
            }

            return new EmbedImagesTransformer(OutputColumn, InputColumn, backbone, EmbeddingCache.Open(loading.CacheFolder ?? CacheFolder), Settings, ownsBoth: true);
        }
        catch
        {
            backbone.Dispose();
            throw;
        }
    }

    private static string[] ComputationOf(Backbone backbone) => [.. backbone.Taps.Select(tap => tap.Identity[..^backbone.Precision.Length].TrimEnd())];

    // By name in the catalogue, else where it was: the first whose file has the content that the model was fitted with.
    private string Find(BackboneCatalogue catalogue)
    {
        var found = new List<string>();
        foreach (string place in new[] { Backbone, ModelPath, DescriptionPath })
        {
            try
            {
                string path = catalogue.Find(place).ModelPath;
                if (File.Exists(path) && ModelFile.Hash(path) is var hash)
                {
                    if (hash == Sha256)
                    {
                        return place;
                    }

                    found.Add($"{path} with {hash}");
                }
            }
            catch (BackboneException)
            {
                // Not there; the next place may have it.
            }
        }

        string there = found.Count == 0 ? "neither the catalogue nor its old place has it" : $"found {string.Join(" and ", found.Distinct())}";
        throw new OnnxTransferException(
            $"EmbedImages: the model was fitted on backbone '{Backbone}' of sha256 {Sha256}, then at {ModelPath}; {there}; "
            + $"put that file back or into a folder named in {BackboneCatalogue.FolderVariable} or in {nameof(ModelLoading)}.{nameof(ModelLoading.Catalogue)}, "
            + "or fit again: embeddings of another network mean nothing to what follows");
    }
}
