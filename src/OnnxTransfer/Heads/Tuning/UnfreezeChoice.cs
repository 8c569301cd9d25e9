using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Finds where the frozen part ends, from what was asked for.</summary>
internal static class UnfreezeChoice
{
    private const string Last = FineTuning.Last, All = FineTuning.All;

    /// <summary>The end of the frozen part.</summary>
    /// <param name="network">The network.</param>
    /// <param name="unfreeze">A tap, whose stage and all after it are trained, or <see cref="Last"/> or <see cref="All"/>.</param>
    /// <param name="after">A tensor or tap, behind which everything is trained; goes before <paramref name="unfreeze"/>.</param>
    /// <exception cref="TrainingException">There is no such stage or tensor, or the network does not fall into two parts there.</exception>
    public static FrozenEnd Of(BackboneNetwork network, string unfreeze, string? after) =>
        after is not null ? After(network, after) : unfreeze switch
        {
            All => new FrozenEnd(null, All),
            Last => LastStage(network),
            _ => Stage(network, unfreeze),
        };

    private static FrozenEnd LastStage(BackboneNetwork network) => network.Stages.Where(stage => stage.IsMap).ToArray() switch
    {
        [.., var before, var last] => new(before.Tensor, last.Name),
        [_] => new(null, All),
        _ => throw new TrainingException($"{network.Model.Source}: no stage of feature maps was found, so there is no last one; expected {All}, or one of {Known(network)}, or a tensor to train behind"),
    };

    private static FrozenEnd Stage(BackboneNetwork network, string name)
    {
        var tap = network.Backbone.Description.Taps.FirstOrDefault(tap => tap.Name == name);
        int? place = tap is not null ? network.Place(tap.Tensor) : network.Stages.FirstOrDefault(stage => stage.Name == name)?.Place;
        if (place is null)
        {
            string found = tap is null ? "there is no such stage" : "it lies behind the taps in use, which do not depend on it";
            throw new TrainingException($"backbone '{network.Backbone.Description.Name}': '{name}' cannot be unfrozen: {found}; expected {Last}, {All}, or one of {Known(network)}");
        }

        return network.Stages.LastOrDefault(stage => stage.Place < place) is { } before ? new(before.Tensor, name) : new(null, All);
    }

    private static FrozenEnd After(BackboneNetwork network, string name)
    {
        string tensor = network.Place(name) is null && network.Backbone.Description.Taps.FirstOrDefault(tap => tap.Name == name) is { } tap ? tap.Tensor : name;
        if (network.Place(tensor) is not { } place)
        {
            throw new TrainingException(
                $"{network.Model.Source}: has no tensor '{name}' on the way to the taps in use; those at which it falls into two parts are {NearNames.List(name, network.Passages)}");
        }

        if (tensor == network.End)
        {
            throw new TrainingException($"{network.Model.Source}: nothing follows '{name}' before the embedding, so that there is nothing to train; expected an earlier tensor, such as one of {Known(network)}");
        }

        return network.Passages.Contains(tensor) ? new(tensor, $"behind-{name}") : throw new TrainingException(
            $"{network.Model.Source}: not all of the network passes '{name}', other paths go round it; expected a tensor that everything passes: {Nearest(network, place)}");
    }

    private static string Nearest(BackboneNetwork network, int place)
    {
        string? before = network.Passages.LastOrDefault(tensor => network.Place(tensor) < place), behind = network.Passages.FirstOrDefault(tensor => network.Place(tensor) > place);
        return (before, behind) switch
        {
            (null, null) => $"there is none but the pixels ({All})",
            (null, _) => $"the next is '{behind}'; before it only the pixels ({All})",
            (_, null) => $"the last before it is '{before}'",
            _ => $"the nearest are '{before}' before it and '{behind}' behind it",
        };
    }

    private static string Known(BackboneNetwork network) => string.Join(", ", network.Stages.Select(stage => $"'{stage.Name}'"));
}
