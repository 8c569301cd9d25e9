using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>Which taps of a description are used, each with its pooling.</summary>
internal static class TapChoice
{
    /// <summary>The taps of <paramref name="settings"/>, still without identity, which the provider in use has a part in.</summary>
    public static BackboneTap[] Of(BackboneDescription description, BackboneSettings settings)
    {
        var wanted = settings.Taps ?? description.Embedding;
        if (wanted.Count == 0)
        {
            throw new BackboneException($"backbone '{description.Name}': no tap was asked for; it has {Known(description)}");
        }

        if (wanted.Count > TapSet.Most)
        {
            throw new BackboneException($"backbone '{description.Name}': {wanted.Count} taps were asked for; expected at most {TapSet.Most}");
        }

        var taps = wanted.Select(text => Resolve(description, text, settings.Pooling)).ToArray();
        var twice = taps.GroupBy(t => t.Label).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? taps : throw new BackboneException($"backbone '{description.Name}': tap {twice.Key} was asked for twice; once is enough");
    }

    private static BackboneTap Resolve(BackboneDescription description, string text, TapPooling? poolingForAll)
    {
        var (name, poolingText) = text.Split(':', 2) is [var n, var p] ? (n, p) : (text, null);
        var tap = description.Taps.FirstOrDefault(t => t.Name == name)
            ?? throw new BackboneException($"backbone '{description.Name}': has no tap '{name}'; it has {Known(description)}");
        var pooling = tap.Pooling;
        if (poolingText is not null)
        {
            pooling = TapPooling.TryParse(poolingText, out var own)
                ? own
                : throw new BackboneException($"tap '{text}': pooling '{poolingText}'; expected average, max, both, none or gridN, such as {name}:average");
        }
        else if (poolingForAll is { } shared && tap.Shape.Count > 1)
        {
            pooling = shared;
        }

        if (tap.Shape.Count == 1 && pooling != TapPooling.None)
        {
            throw new BackboneException($"tap '{text}': is a vector of {tap.Shape[0]}, which has no places to pool over; expected '{name}' or '{name}:none'");
        }

        return new(name, tap.Tensor, tap.Shape, pooling, pooling.WidthOf(tap.Shape), tap.Layout ?? description.Input.Layout, Identity: "");
    }

    private static string Known(BackboneDescription description) =>
        string.Join(", ", description.Taps.Select(t => $"'{t.Name}' ({string.Join(" x ", t.Shape)}, {t.Pooling}: {t.Width} wide)"));
}
