using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>What one ONNX network is made of and what it costs, described or not.</summary>
public sealed record BackboneInspection
{
    // Figures want a size; where the graph leaves it open and nothing says another, that of most ImageNet networks.
    private const int UsualSize = 224;

    /// <summary>Its description; null for a bare file.</summary>
    public CatalogueEntry? Entry { get; private init; }

    /// <summary>Where the ONNX file lies, or should lie.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The graph; null where the file of a described backbone is not there.</summary>
    public OnnxModel? Model { get; private init; }

    /// <summary>What is made of it when it is imported; null where it is described, fused, or no image network.</summary>
    public ImportAnalysis? Proposed { get; private init; }

    /// <summary>Whether it is a fused model, from pixels to answer.</summary>
    public bool IsFused { get; private init; }

    /// <summary>The image input; null where none was found.</summary>
    public InputDescription? Input { get; private init; }

    /// <summary>What the input holds.</summary>
    public ElementType ElementType { get; private init; } = ElementType.Float;

    /// <summary>Images per run as the file has it; 0 where any number fits.</summary>
    public int FileBatch { get; private init; }

    /// <summary>The taps: described, or those that an import would propose.</summary>
    public IReadOnlyList<TapDescription> Taps { get; private init; } = [];

    /// <summary>Names of the taps that make the embedding.</summary>
    public IReadOnlyList<string> Embedding { get; private init; } = [];

    /// <summary>Numbers in its weights.</summary>
    public long Parameters { get; private init; }

    /// <summary>Multiply-adds an image, of the whole graph.</summary>
    public long Macs { get; private init; }

    /// <summary>The most bytes that activations take at once for <see cref="ActivationBatch"/> images.</summary>
    public long ActivationBytes { get; private init; }

    /// <summary>Images per run that <see cref="ActivationBytes"/> is for: those asked for, or the number that is fixed.</summary>
    public int ActivationBatch { get; private init; }

    /// <summary>What will be slow, surprising or is not known: whole sentences.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Looks at a backbone by name, or at any .onnx file, with or without a description.</summary>
    /// <exception cref="BackboneException">There is neither a backbone nor a file of this name.</exception>
    /// <exception cref="OnnxException">The file is no ONNX model.</exception>
    public static BackboneInspection Of(string nameOrPath, int batch = 8, BackboneCatalogue? catalogue = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        catalogue ??= BackboneCatalogue.Default;
        var isFile = nameOrPath.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) && File.Exists(nameOrPath);
        if ((isFile ? catalogue.Describing(nameOrPath) : catalogue.Find(nameOrPath)) is not { } entry)
        {
            return OfBare(nameOrPath, batch);
        }

        var about = entry.Description;
        if (!File.Exists(entry.ModelPath))
        {
            return new()
            {
                Entry = entry, ModelPath = entry.ModelPath, Input = about.Input, FileBatch = about.Input.Batch, Taps = about.Taps, Embedding = about.Embedding,
                Parameters = about.Parameters, Macs = about.Macs, ActivationBatch = batch,
                Warnings = [$"The file {entry.ModelPath} is not there; {(about.Obtain.Length > 0 ? $"get it with: {about.Obtain}" : "what is shown is what the description says")}."],
            };
        }

        var model = OnnxModel.Load(entry.ModelPath);
        return Costs(model, model.Input(about.Input.Tensor), about.Input, batch) with { Entry = entry, ModelPath = entry.ModelPath, Taps = about.Taps, Embedding = about.Embedding };
    }

    private static BackboneInspection OfBare(string path, int batch)
    {
        var model = OnnxModel.Load(path);
        if (model.IsFused())
        {
            var pixels = model.Inputs.FirstOrDefault(i => i.Dimensions is { Count: 4 });
            var input = pixels is null ? null : new InputDescription(pixels.Name, TensorLayout.Nhwc, (int)pixels.Dimensions![1], (int)pixels.Dimensions[2], ChannelOrder.Rgb);
            return Costs(model, pixels, input, batch) with { ModelPath = path, IsFused = true };
        }

        try
        {
            var analysis = BackboneImport.Analyse(model);
            var sized = analysis.Input.Height > 0 && analysis.Input.Width > 0;
            var input = sized ? analysis.Input : analysis.Input with { Height = UsualSize, Width = UsualSize };
            analysis = sized ? analysis : BackboneImport.Analyse(model, new() { Size = (UsualSize, UsualSize) });
            var network = Costs(model, model.Input(input.Tensor), input, batch) with { ModelPath = path, Proposed = analysis, Taps = analysis.Taps, Embedding = analysis.Embedding };
            return sized ? network : network with { Warnings = [.. network.Warnings, $"Height and width are open in the graph; all figures are for {UsualSize} x {UsualSize}."] };
        }
        catch (BackboneException notAnImageNetwork)
        {
            var found = Costs(model, null, null, batch) with { ModelPath = path };
            return found with { Warnings = [.. found.Warnings, $"It cannot be a backbone: {notAnImageNetwork.Message}."] };
        }
    }

    /// <summary>What the graph costs for a batch, freed where it can be.</summary>
    private static BackboneInspection Costs(OnnxModel model, TensorInfo? tensor, InputDescription? input, int batch)
    {
        TensorShapes Shapes(OnnxModel graph, int count) => input is null
            ? TensorShapes.Infer(graph, count)
            : TensorShapes.Infer(graph, count, new Dictionary<string, IReadOnlyList<long>> { [input.Tensor] = ImageShape.Of(input.Layout, count, input.Height, input.Width) });

        var fileBatch = (int)Math.Max(0, (tensor ?? model.Inputs.FirstOrDefault())?.Dimensions?.FirstOrDefault() ?? 0);
        var isFixed = input is null ? fileBatch > 0 : input.Batch > 0;
        var count = isFixed ? (input?.Batch > 0 ? input.Batch : fileBatch) : batch;
        var graph = isFixed || fileBatch == 0 ? model : BatchDimension.Free(model);
        var profile = ModelProfile.Of(graph, Shapes(graph, count));
        var ofFile = fileBatch == 0 || isFixed ? profile : ModelProfile.Of(model, Shapes(model, fileBatch));
        return new()
        {
            ModelPath = model.Source,
            Model = model,
            Input = input,
            ElementType = tensor?.ElementType ?? ElementType.Undefined,
            FileBatch = fileBatch,
            Parameters = profile.Parameters,
            Macs = profile.Macs / count,
            ActivationBytes = profile.ActivationBytes,
            ActivationBatch = count,
            Warnings = ofFile.Warnings,
        };
    }
}
