using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>Puts together what a graph tells and what the settings say: the making of an <see cref="ImportAnalysis"/>.</summary>
internal sealed class ImportStudy
{
    private readonly OnnxModel _model;
    private readonly ImportSettings _settings;
    private readonly ImageInput _input;
    private readonly List<string> _found = [];
    private readonly List<string> _assumed = [];
    private readonly List<string> _missing = [];

    private ImportStudy(OnnxModel model, ImportSettings settings)
    {
        (_model, _settings) = (model, settings);
        _input = ImageInput.Find(model, settings);
    }

    /// <param name="model">The graph as it is in its file.</param>
    /// <param name="settings">What the file does not say.</param>
    /// <param name="keepBatch">Whether a fixed batch stays fixed even where it seems it could be freed.</param>
    public static ImportAnalysis Of(OnnxModel model, ImportSettings settings, bool keepBatch = false)
    {
        if (model.IsFused())
        {
            throw new BackboneException($"{model.Source}: a fused model, from pixels to answer; expected a backbone: use predict or evaluate with it");
        }

        ImportAnswers.Check(settings, model.Source);
        return new ImportStudy(model, settings).Make(keepBatch);
    }

    private ImportAnalysis Make(bool keepBatch)
    {
        var (height, width) = (_input.Height, _input.Width);
        _found.Add($"The image goes into '{_input.Tensor}', {_input.Type.ToString().ToLowerInvariant()}, {_input.Layout.ToString().ToUpperInvariant()}, "
            + (height > 0 && width > 0 ? $"{height} x {width} pixels (height x width)." : "of any size."));
        var sized = height > 0 && width > 0;
        if (!sized)
        {
            _missing.Add("Size");
        }

        var batch = _input.Batch;
        TapProposal? proposal = null;
        TensorShapes? shapes = null;
        if (sized)
        {
            (proposal, shapes, batch) = Propose(keepBatch);
        }

        var preprocessing = Preprocessing();
        var taps = proposal is null ? [] : Taps(proposal);
        return new()
        {
            Input = new(_input.Tensor, _input.Layout, height, width, _settings.Channels, batch),
            ElementType = _input.Type,
            Preprocessing = _missing.Count == 0 ? preprocessing : null,
            Taps = taps,
            Embedding = proposal is null ? [] : Embedding(proposal, taps),
            Parameters = _model.ParameterCount,
            Macs = shapes is null ? 0 : ModelProfile.Of(_model, shapes).Macs / Math.Max(1, _input.Batch),
            Found = _found,
            Assumed = _assumed,
            Missing = _missing,
        };
    }

    /// <summary>The taps of the graph with its batch freed, or, where they then do not follow the batch, of the graph as it is.</summary>
    private (TapProposal Proposal, TensorShapes OfFile, int Batch) Propose(bool keepBatch)
    {
        var asItIs = Shapes(_model, Math.Max(1, _input.Batch));
        var fromFile = Proposal(_model, asItIs);
        if (!keepBatch)
        {
            var freed = BatchDimension.Free(_model);
            var (two, three) = (Shapes(freed, 2), Shapes(freed, 3));
            var proposal = TapProposal.Of(freed, new ImageFlow(freed, _input.Tensor, _input.Layout), two, _input.Layout);
            var follows = proposal.Taps.All(tap => two[tap.Tensor]!.Dimensions[0] == 2 && three[tap.Tensor]?.Dimensions[0] == 3);
            if (_input.Batch == 0 || (follows && proposal.Embedding == fromFile.Embedding && proposal.Taps.Count == fromFile.Taps.Count))
            {
                _found.Add(_input.Batch == 0
                    ? "It takes any number of images per run."
                    : $"Its batch, fixed at {_input.Batch} in the file, is made free when it is loaded.");
                return follows ? (Told(proposal), asItIs, 0) : throw new BackboneException(
                    $"{_model.Source}: input '{_input.Tensor}' takes any number of images, but tap '{proposal.Taps.First(t => two[t.Tensor]!.Dimensions[0] != 2 || three[t.Tensor]?.Dimensions[0] != 3).Tensor}' "
                    + "does not have a row for each; expected one: export the network with a dynamic batch throughout, or with a fixed one");
            }
        }

        _found.Add($"Its batch is fixed at {_input.Batch} and cannot be freed: the graph reckons with that number inside. It runs {_input.Batch} image(s) at a time.");
        return (Told(fromFile), asItIs, _input.Batch);
    }

    private TensorShapes Shapes(OnnxModel model, int batch) =>
        TensorShapes.Infer(model, batch, new Dictionary<string, IReadOnlyList<long>> { [_input.Tensor] = ImageShape.Of(_input.Layout, batch, _input.Height, _input.Width) });

    private TapProposal Proposal(OnnxModel model, TensorShapes shapes)
    {
        var flow = new ImageFlow(model, _input.Tensor, _input.Layout);
        if (flow.Nodes.Count == 0)
        {
            throw new BackboneException($"{_model.Source}: no part of the graph needs '{_input.Tensor}' alone; expected a network that takes one image: export one that does");
        }

        var proposal = TapProposal.Of(model, flow, shapes, _input.Layout);
        var unknown = shapes.Unknown.Count > 0 ? $" ({shapes.Unknown.First().Value})" : "";
        return proposal.Taps.Count == 0
            ? throw new BackboneException($"{_model.Source}: no tensor is a feature map or a vector for each image{unknown}; expected an image classifier or feature extractor")
            : proposal.Embedding is null && _settings.Embedding is null
            ? throw new BackboneException($"{_model.Source}: the shape of '{proposal.Ending.Seen}', what would be the embedding, is not known{unknown}; expected a map or a vector for each image: "
                + $"choose among {string.Join(", ", proposal.Taps.Select(t => $"'{t.Name}'"))} with --embedding, or another tensor with --tap")
            : proposal;
    }

    private TapProposal Told(TapProposal proposal)
    {
        var ending = proposal.Ending;
        _found.Add(ending.Logits is null
            ? $"It has no classifier: '{ending.Seen}' is what it gives."
            : $"Its classifier sees '{ending.Seen}' and gives '{ending.Logits}'{(ending.Squash is null ? "" : $", before a {ending.Squash}")}.");
        if (ending.Doubtful && _settings.Embedding is null)
        {
            _assumed.Add(ending.Logits is null
                ? "The last layer is taken for features, not for a classifier; --embedding chooses another tap."
                : "The last layer is taken for a classifier, not for features; --embedding chooses another tap.");
        }

        return proposal;
    }

    private PreprocessingDescription? Preprocessing()
    {
        var inner = InnerNormalisation.Find(_model, new ImageFlow(_model, _input.Tensor, _input.Layout));
        var hint = inner?.Hint;
        if (inner is not null)
        {
            _found.Add(inner.Range is { } range
                ? $"It normalises inside, {inner}, so it wants pixels from 0 to {range}."
                : $"It begins with {inner}, which expects pixels that are normalised already.");
        }

        var (mean, std) = (_settings.Mean, _settings.Std);
        if (mean is null && std is null && hint is { } known)
        {
            (mean, std) = (known.Mean, known.Std);
            _assumed.Add($"mean {string.Join(',', mean)} and std {string.Join(',', std)}, after the normalisation inside; --mean and --std say otherwise.");
        }

        _missing.AddRange(mean is null ? ["Mean"] : []);
        _missing.AddRange(std is null ? ["Std"] : []);
        if (_settings.Channels == ChannelOrder.Rgb)
        {
            _assumed.Add("Channels in the order RGB; --channels BGR says otherwise.");
        }

        return mean is null || std is null || _input.Height == 0 || _input.Width == 0 ? null : new(ImportAnswers.Pixels(_settings, _input, _assumed, _model.Source), mean, std);
    }

    private TapDescription[] Taps(TapProposal proposal)
    {
        var own = _settings.Taps.Select(text => ImportAnswers.Tap(text, proposal, _model)).ToArray();
        return [.. proposal.Taps.Where(tap => own.All(o => o.Name != tap.Name)), .. own];
    }

    private string[] Embedding(TapProposal proposal, TapDescription[] taps)
    {
        var wanted = _settings.Embedding ?? ([proposal.Embedding!]);
        var unknown = wanted.FirstOrDefault(name => taps.All(tap => tap.Name != name));
        return wanted.Count > 0 && unknown is null ? [.. wanted] : throw new BackboneException(
            $"{_model.Source}: has no tap '{unknown}' to make the embedding of; it has {NearNames.List(unknown ?? "", taps.Select(tap => tap.Name))}");
    }
}
