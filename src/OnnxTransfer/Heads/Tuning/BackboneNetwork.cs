using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>A backbone's own network, from its input to the taps in use, as its file has it; and where it can be divided.</summary>
internal sealed class BackboneNetwork
{
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly TensorShapes _shapes;
    private readonly TapProposal _proposal;

    private BackboneNetwork(Backbone backbone, OnnxModel model)
    {
        (Backbone, Model) = (backbone, model);
        var input = backbone.Description.Input;
        foreach (var (place, node) in model.Graph.Node.Index())
        {
            foreach (string output in node.Output.Where(name => name.Length > 0))
            {
                _places[output] = place;
            }
        }

        var flow = new ImageFlow(model, input.Tensor, input.Layout);
        _shapes = TensorShapes.Infer(model, 1, new Dictionary<string, IReadOnlyList<long>> { [input.Tensor] = ImageShape.Of(input.Layout, 1, input.Height, input.Width) });
        _proposal = TapProposal.Of(model, flow, _shapes, input.Layout);
        End = backbone.Taps.Select(tap => tap.Tensor).MaxBy(tensor => _places.GetValueOrDefault(tensor, -1))!;
        Passages = flow.Passages(End);
        Stages = FindStages();
    }

    /// <summary>The backbone.</summary>
    public Backbone Backbone { get; }

    /// <summary>The network, any batch, cut at the taps in use.</summary>
    public OnnxModel Model { get; }

    /// <summary>The tap that is computed last.</summary>
    public string End { get; }

    /// <summary>The tensors at which it falls into two parts, in order, up to <see cref="End"/>.</summary>
    public IReadOnlyList<string> Passages { get; }

    /// <summary>The taps of the description that are <see cref="Passages"/>, and the last map of each resolution that none of them has; in order.</summary>
    public IReadOnlyList<StageEnd> Stages { get; }

    /// <summary>Reads a backbone's file again.</summary>
    /// <exception cref="TrainingException">It cannot be trained: int8, half precision, a fixed batch.</exception>
    public static BackboneNetwork Of(Backbone backbone)
    {
        var about = backbone.Description;
        if (about.Precision.Length > 0)
        {
            throw new TrainingException(
                $"backbone '{about.Name}': computes in {about.Precision}, which has no gradients; expected float32: fine-tune the float32 backbone it was made of "
                + $"({(about.Source.Length > 0 ? about.Source : "its description does not say which")}) and quantise the result");
        }

        if (backbone.Settings.Precision != Precision.Fp32)
        {
            throw new TrainingException($"backbone '{about.Name}': was loaded in {backbone.Precision}, and weights are trained in float32; load it without a precision, and convert the result");
        }

        if (about.Input.Batch > 0)
        {
            throw new TrainingException($"backbone '{about.Name}': its graph takes {about.Input.Batch} images at once and no other number; expected one of a free batch: export it with a dynamic batch to fine-tune it");
        }

        var (model, _) = ModelFile.Read(backbone.Entry);
        return new(backbone, Cut.At(TapGraph.Batched(model, about.Input, backbone.Entry.DescriptionPath), [.. backbone.Taps.Select(tap => tap.Tensor).Distinct()]));
    }

    /// <summary>The number of the node that gives a tensor; null where none does.</summary>
    public int? Place(string tensor) => _places.TryGetValue(tensor, out int place) ? place : null;

    /// <summary>The taps of the description that this network still computes, first layers first.</summary>
    public IReadOnlyList<TapDescription> Taps => [.. Backbone.Description.Taps.Where(tap => _places.ContainsKey(tap.Tensor))];

    /// <summary>The dimensions of a tensor for one image.</summary>
    /// <exception cref="TrainingException">They are unknown, or it is not float32.</exception>
    public IReadOnlyList<long> Dimensions(string tensor) => _shapes[tensor] switch
    {
        { ElementType: ElementType.Float, Dimensions: [1, ..] dims } => dims,
        null => throw new TrainingException($"{Model.Source}: the shape of '{tensor}' is unknown ({_shapes.Unknown.GetValueOrDefault(tensor)}); expected a known one: unfreeze from another tap on"),
        var other => throw new TrainingException($"{Model.Source}: '{tensor}' is {other}; expected float32 with an image a row: unfreeze from another tap on, or export the network in float32"),
    };

    /// <summary>The tensor as a tap that is cached as it is.</summary>
    /// <exception cref="TrainingException">Its shape is unknown, or it is not float32.</exception>
    public TapDescription WholeTap(string tensor, string name)
    {
        _ = Dimensions(tensor);
        return _proposal.Tap(name, tensor, TapPooling.None)
            ?? throw new TrainingException($"{Model.Source}: '{tensor}' is neither a map nor a vector an image; expected a tensor of a row per image: unfreeze from another tap on");
    }

    private StageEnd[] FindStages()
    {
        var passages = Passages.ToHashSet(StringComparer.Ordinal);
        var described = Taps.Where(tap => passages.Contains(tap.Tensor)).DistinctBy(tap => tap.Tensor).ToArray();
        var sizes = described.Where(IsMap).Select(Size).ToHashSet();
        var further = _proposal.Taps.Where(tap => IsMap(tap) && passages.Contains(tap.Tensor) && !sizes.Contains(Size(tap)));
        return [.. described.Concat(further).Select(tap => new StageEnd(tap.Name, tap.Tensor, _places[tap.Tensor], IsMap(tap))).OrderBy(stage => stage.Place)];
    }

    private static bool IsMap(TapDescription tap) => tap.Shape is [_, var height, var width] && height * width > 1;

    private static (int, int) Size(TapDescription tap) => (tap.Shape[1], tap.Shape[2]);
}
