import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What HotSpot compiles: virtual calls, arrays, collections, strings. */
public class Work {
  interface Shape {
    double area();
  }

  record Square(double side) implements Shape {
    public double area() { return side * side; }
  }

  record Box(double width, double height) implements Shape {
    public double area() { return width * height; }
  }

  static double shapes(int count) {
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      Shape shape = i % 3 == 0 ? new Square(i % 17) : new Box(i % 5, i % 7);
      sum += shape.area();
    }
    return sum;
  }

  static double matrix(int size) {
    double[][] a = new double[size][size], b = new double[size][size], c = new double[size][size];
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < size; ++j) {
        a[i][j] = (i * size + j) % 17;
        b[i][j] = (i * size + j) % 13;
      }
    for (int i = 0; i < size; ++i)
      for (int k = 0; k < size; ++k)
        for (int j = 0; j < size; ++j) c[i][j] += a[i][k] * b[k][j];
    double sum = 0;
    for (double[] row : c)
      for (double value : row) sum += value;
    return sum;
  }

  static int words(int count) {
    Map<String, Integer> seen = new HashMap<>();
    int value = 1;
    for (int i = 0; i < count; ++i) {
      value = value * 1103515245 + 12345 & 0x7fffffff;
      seen.merge("w" + (value >> 17), 1, Integer::sum);
    }
    return seen.values().stream().mapToInt(n -> n * n % 1009).sum();
  }

  static int sorting(int count) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < count; ++i) numbers.add(i * 7919 % 1000003);
    numbers.sort((x, y) -> Integer.compare(y % 1000, x % 1000));
    return numbers.get(count / 2);
  }

  public static void main(String[] arguments) {
    System.out.println(shapes(60000000) + " " + matrix(500) + " " + words(1500000) + " " + sorting(400000));
  }
}
