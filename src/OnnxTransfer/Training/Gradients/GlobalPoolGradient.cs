namespace OnnxTransfer.Training.Gradients;

/// <summary>Pools over all places of a channel, [N, C, places] to [N, C, 1].</summary>
internal static class GlobalPoolGradient
{
    /// <summary>The mean: every place gets the gradient divided by their number.</summary>
    public static string?[] OfAverage(GradientNode node, string gradient)
    {
        var x = node.Type(node.Input(0));
        double part = (double)node.Type(node.Output).Count / x.Count;
        return [node.Add("Expand", [node.Add("Mul", [gradient, node.Number(part, node.Output)]), node.List([.. x.Dimensions])])];
    }

    /// <summary>The maximum: the first place that holds it gets the gradient, as in PyTorch.</summary>
    public static string?[] OfMax(GradientNode node, string gradient)
    {
        var x = node.Type(node.Input(0));
        long[] places = [x.Dimensions[0], x.Dimensions[1], x.Dimensions.Skip(2).Aggregate(1L, (a, b) => a * b)];
        string flat = node.Add("Reshape", [node.Input(0), node.List(places)]);
        string first = node.Add("ArgMax", [flat], ("axis", 2), ("keepdims", 1));
        string updates = node.Add("Reshape", [gradient, node.List(places[0], places[1], 1)]);
        string spread = node.Add("ScatterElements", [node.Zeros(node.Output, places), first, updates], ("axis", 2));
        return [node.Add("Reshape", [spread, node.List([.. x.Dimensions])])];
    }
}
